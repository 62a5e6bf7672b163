output "name" {
  value = var.stream
}

output "topics" {
  description = "Topics by their kind."
  value       = { for kind, topic in google_pubsub_topic.topic : kind => { name = topic.name, id = topic.id } }
}

output "filter_topics" {
  description = "Kinds of the filters' topics."
  value       = local.filter_topics
}

output "buckets" {
  description = "Buckets by their kind."
  value       = { for kind, bucket in google_storage_bucket.bucket : kind => bucket.name }
}

output "folders" {
  description = "Folders of the bucket of products, by their kind."
  value       = { for kind, folder in google_storage_managed_folder.products : kind => folder.name }
}

output "dataset" {
  value = google_bigquery_dataset.dataset.dataset_id
}

output "tables" {
  description = "Tables and views by their name."
  value = {
    for name, table in merge(
      google_bigquery_table.table, google_bigquery_table.view, google_bigquery_table.view_of_views,
    ) : name => table.table_id
  }
}

output "secrets" {
  description = "Secrets by their kind."
  value       = { for kind, secret in google_secret_manager_secret.secret : kind => secret.secret_id }
}

output "events" {
  description = "The address of the account that brings events."
  value       = "${google_service_account.events.account_id}@${var.project}.iam.gserviceaccount.com"
}

output "dawn" {
  description = "When the night is closed."
  value       = google_cloud_scheduler_job.dawn.schedule
}

output "public" {
  value = var.public
}

# Who may read. A public stream is open to everybody with a Google account, at the
# own expense: buckets have the requester pay, and queries and subscriptions are
# the reader's own. The topics of raw alerts and of dead letters are nobody's.

locals {
  shown_topics = setsubtract(keys(local.topics), ["alerts-raw", "dead-letter", "dawn", "watermarks", "tarball"])
}

resource "google_storage_bucket_iam_member" "alerts" {
  for_each = toset(local.audience)

  bucket = google_storage_bucket.bucket["alerts"].name
  role   = "roles/storage.objectViewer"
  member = each.key
}

resource "google_storage_managed_folder_iam_member" "products" {
  for_each = { for pair in setproduct(local.audience, local.shown_folders) : join(" ", pair) => pair }

  bucket         = google_storage_bucket.bucket["products"].name
  managed_folder = google_storage_managed_folder.products[each.value[1]].name
  role           = "roles/storage.objectViewer"
  member         = each.value[0]
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each = toset(local.audience)

  project    = var.project
  dataset_id = google_bigquery_dataset.dataset.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

resource "google_pubsub_topic_iam_member" "reader" {
  for_each = { for pair in setproduct(local.audience, local.shown_topics) : join(" ", pair) => pair }

  project = var.project
  topic   = google_pubsub_topic.topic[each.value[1]].name
  role    = "roles/pubsub.subscriber"
  member  = each.value[0]
}

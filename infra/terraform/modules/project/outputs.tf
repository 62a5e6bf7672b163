output "agents" {
  description = "Google's accounts that act for us, by service."
  value       = local.agents
  # Whoever uses them needs the services that bring them.
  depends_on = [google_project_service.service, google_kms_crypto_key_iam_member.agent]
}

output "build" {
  description = "What a function is built from, and by whom."
  value = {
    bucket  = google_storage_bucket.source.name
    object  = google_storage_bucket_object.source.name
    account = google_service_account.build.id
  }
  depends_on = [google_project_iam_member.build]
}

output "images" {
  description = "Where images are pushed."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "repository" {
  description = "The registry of images."
  value       = google_artifact_registry_repository.images.repository_id
}

output "subnetwork" {
  description = "Where the connectors are."
  value       = google_compute_subnetwork.subnetwork.id
}

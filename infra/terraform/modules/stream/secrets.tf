# Secrets are made empty: their values are put there by people, and are in no file
# and in no state of terraform.
resource "google_secret_manager_secret" "secret" {
  for_each = toset(["kafka-password", "schema-registry-password"])

  project   = var.project
  secret_id = "${var.stream}-${each.key}${local.tail}"

  replication {
    auto {}
  }
}

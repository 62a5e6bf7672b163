# What the project has once: its services, where programs are kept and built, the
# network of the connectors, and what Google's own accounts need.

locals {
  tail = var.suffix == "" ? "" : "-${var.suffix}"

  services = [
    "artifactregistry", "bigquery", "bigquerystorage", "billingbudgets", "cloudbuild", "cloudfunctions",
    "cloudkms", "cloudresourcemanager", "cloudscheduler", "cloudtrace", "compute", "iam", "logging", "monitoring",
    "pubsub", "run", "secretmanager", "serviceusage", "storage", "telemetry",
  ]

  # Google's accounts that act for us; each appears with its service.
  agents = {
    pubsub   = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    storage  = "serviceAccount:service-${data.google_project.this.number}@gs-project-accounts.iam.gserviceaccount.com"
    bigquery = "serviceAccount:bq-${data.google_project.this.number}@bigquery-encryption.iam.gserviceaccount.com"
  }
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "service" {
  for_each = toset(local.services)

  project = var.project
  service = "${each.key}.googleapis.com"
  # Another deployment in the project may use it still.
  disable_on_destroy = false
}

# A key of the operator's is used by the accounts of the services, not by ours.
resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = var.kms_key == "" ? {} : local.agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}

# The functions' source. A new archive has a new name, which deploys it.
resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = "${var.project}-nightwire-source${local.tail}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # it can be made again from the repository

  versioning {
    enabled = true
  }

  depends_on = [google_project_service.service]
}

resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  name   = "functions-${filesha256(var.source_archive)}.zip"
  source = var.source_archive
}

# Who builds the functions: it reads the source, and writes an image and a log.
resource "google_service_account" "build" {
  project      = var.project
  account_id   = "nightwire-build${local.tail}"
  display_name = "Builds Nightwire's functions"
}

resource "google_project_iam_member" "build" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"])

  project = var.project
  role    = each.key
  member  = "serviceAccount:${google_service_account.build.account_id}@${var.project}.iam.gserviceaccount.com"

  # The copy of the source that Cloud Functions makes is in a bucket of its own.
  dynamic "condition" {
    for_each = each.key == "roles/storage.objectViewer" ? [1] : []
    content {
      title      = "sources of functions"
      expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-\") || resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.source.name}\")"
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project
  location      = var.region
  repository_id = "nightwire${local.tail}"
  description   = "The connector's images"
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep the last ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete what is older than 90 days"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }

  depends_on = [google_project_service.service]
}

# The connectors speak to Kafka outside, and nobody speaks to them.
resource "google_compute_network" "network" {
  project                 = var.project
  name                    = "nightwire${local.tail}"
  auto_create_subnetworks = false

  depends_on = [google_project_service.service]
}

resource "google_compute_subnetwork" "subnetwork" {
  project                  = var.project
  region                   = var.region
  name                     = "nightwire${local.tail}"
  network                  = google_compute_network.network.id
  ip_cidr_range            = "10.80.0.0/24"
  private_ip_google_access = true
}

resource "google_compute_firewall" "shell" {
  project       = var.project
  name          = "nightwire-shell${local.tail}"
  description   = "SSH through Google's Identity-Aware Proxy, which asks who it is"
  network       = google_compute_network.network.id
  source_ranges = ["35.235.240.0/20"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

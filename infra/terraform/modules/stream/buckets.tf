locals {
  # Days after which a tarball goes to colder storage. The alerts' own files stay:
  # to move one of 70 kB costs an operation, which eats much or all of what a year
  # there saves, and to read it would cost. nightwire cost counts with these days.
  colder = { COLDLINE = 30 }

  # Days after which products go. Certificates and tarballs are kept, filters and
  # models are settings.
  expiry = { matches = 90, plots = 400 }
}

resource "google_storage_bucket" "bucket" {
  for_each = local.buckets

  project                     = var.project
  name                        = each.value
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = var.public ? "inherited" : "enforced"
  requester_pays              = var.public
  force_destroy               = !var.deletion_protection

  # What is deleted by mistake can be had back for a week.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  dynamic "encryption" {
    for_each = var.kms_key == "" ? [] : [var.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.key == "products" ? local.colder : {}
    content {
      action {
        type          = "SetStorageClass"
        storage_class = lifecycle_rule.key
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["tarballs/"]
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.key == "products" ? local.expiry : {}
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["${lifecycle_rule.key}/"]
      }
    }
  }
}

# Rights are given by folder: a function sees only its own.
resource "google_storage_managed_folder" "products" {
  for_each = toset(local.folders)

  bucket        = google_storage_bucket.bucket["products"].name
  name          = "${each.key}/"
  force_destroy = !var.deletion_protection
}

# The built-in filters, once. From then on they are their owners', who publish
# new versions with nightwire filter publish.
resource "google_storage_bucket_object" "filter" {
  for_each = var.filters

  bucket       = google_storage_bucket.bucket["products"].name
  name         = "filters/${each.key}.yaml"
  source       = each.value.file
  content_type = "application/yaml"

  lifecycle {
    ignore_changes = all
  }
}

# Tables and views are those of the Go package schemas, written to ../../tables by
# go generate. Terraform makes a table, so that rights can be given on it; after
# that its columns are the functions', which add what a new version of the
# survey's schema brings. An apply never takes a column away.

locals {
  catalogue = jsondecode(file("${path.module}/../../tables/${local.survey}.json"))
}

resource "google_bigquery_dataset" "dataset" {
  project                    = var.project
  dataset_id                 = local.dataset
  location                   = var.region
  description                = "Alerts of ${var.stream}, and what became of them"
  delete_contents_on_destroy = !var.deletion_protection

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key == "" ? [] : [var.kms_key]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "table" {
  for_each = { for t in local.catalogue.tables : t.name => t }

  project             = var.project
  dataset_id          = google_bigquery_dataset.dataset.dataset_id
  table_id            = each.key
  description         = each.value.description
  schema              = jsonencode(each.value.schema)
  clustering          = each.value.clusterBy
  deletion_protection = var.deletion_protection

  time_partitioning {
    type  = "DAY"
    field = each.value.partitionBy
  }

  lifecycle {
    ignore_changes = [schema]
  }
}

resource "google_bigquery_table" "view" {
  for_each = { for v in local.catalogue.views : v.name => v if !v.overViews }

  project             = var.project
  dataset_id          = google_bigquery_dataset.dataset.dataset_id
  table_id            = each.key
  description         = each.value.description
  deletion_protection = false # it holds nothing

  view {
    query          = replace(each.value.query, "{dataset}", "${var.project}.${local.dataset}")
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.table]
}

# Views that ask other views, which BigQuery wants to see first.
resource "google_bigquery_table" "view_of_views" {
  for_each = { for v in local.catalogue.views : v.name => v if v.overViews }

  project             = var.project
  dataset_id          = google_bigquery_dataset.dataset.dataset_id
  table_id            = each.key
  description         = each.value.description
  deletion_protection = false

  view {
    query          = replace(each.value.query, "{dataset}", "${var.project}.${local.dataset}")
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.view]
}

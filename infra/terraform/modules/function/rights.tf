# What the function may do: what its entry in the map says, in its own stream, and
# to put away dead letters.

locals {
  member = "serviceAccount:${google_service_account.function.account_id}@${var.project}.iam.gserviceaccount.com"

  publishes = toset(concat(["dead-letter"], flatten([
    for kind in var.settings.publishes : kind == "filters" ? var.stream.filter_topics : [kind]
  ])))

  # An archived file is created and never changed or deleted: there is no right to.
  alerts = merge(
    contains(concat(var.settings.reads, var.settings.writes), "alerts") ? { reads = "roles/storage.objectViewer" } : {},
    contains(var.settings.writes, "alerts") ? { creates = "roles/storage.objectCreator" } : {},
  )

  folders = merge(
    { for where in var.settings.reads : trimprefix(where, "products/") => "roles/storage.objectViewer" if where != "alerts" },
    { for where in var.settings.writes : trimprefix(where, "products/") => "roles/storage.objectUser" if where != "alerts" },
  )

  # Who appends may add columns as well; that includes to read.
  tables = merge(
    { for name in var.settings.asks : name => "roles/bigquery.dataViewer" },
    { for name in var.settings.appends : name => "roles/bigquery.dataEditor" },
  )

  # Rights that only a project can give: to run a query, to have the project pay
  # for requests to a bucket of which the requester pays, to write telemetry.
  project = merge(
    length(var.settings.asks) > 0 ? { queries = "roles/bigquery.jobUser" } : {},
    { pays = "roles/serviceusage.serviceUsageConsumer", tells = "roles/telemetry.writer" },
  )
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = local.publishes

  project = var.project
  topic   = var.stream.topics[each.key].name
  role    = "roles/pubsub.publisher"
  member  = local.member
}

resource "google_storage_bucket_iam_member" "alerts" {
  for_each = local.alerts

  bucket = var.stream.buckets["alerts"]
  role   = each.value
  member = local.member
}

resource "google_storage_managed_folder_iam_member" "products" {
  for_each = local.folders

  bucket         = var.stream.buckets["products"]
  managed_folder = var.stream.folders[each.key]
  role           = each.value
  member         = local.member
}

resource "google_bigquery_table_iam_member" "table" {
  for_each = local.tables

  project    = var.project
  dataset_id = var.stream.dataset
  table_id   = var.stream.tables[each.key]
  role       = each.value
  member     = local.member
}

resource "google_project_iam_member" "project" {
  for_each = local.project

  project = var.project
  role    = each.value
  member  = local.member
}

resource "google_secret_manager_secret_iam_member" "registry" {
  for_each = local.asks_registry ? toset(["schema-registry-password"]) : []

  project   = var.project
  secret_id = var.stream.secrets[each.key]
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

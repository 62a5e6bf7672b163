resource "google_pubsub_topic" "topic" {
  for_each = local.topics

  project      = var.project
  name         = each.value
  kms_key_name = var.kms_key == "" ? null : var.kms_key
  # A week can be replayed by seeking a subscription back; dead letters wait for
  # people, who may be on holiday.
  message_retention_duration = each.key == "dead-letter" ? "2678400s" : "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Where people find what could not be processed. It never expires, and is the one
# subscription without a dead letter: there is nowhere further to go.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project
  name                       = google_pubsub_topic.topic["dead-letter"].name
  topic                      = google_pubsub_topic.topic["dead-letter"].id
  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself puts there what a function has refused to the last.
resource "google_pubsub_topic_iam_member" "forwards" {
  project = var.project
  topic   = google_pubsub_topic.topic["dead-letter"].name
  role    = "roles/pubsub.publisher"
  member  = var.agents["pubsub"]
}

# The bucket tells of each new file.
resource "google_pubsub_topic_iam_member" "notifies" {
  project = var.project
  topic   = google_pubsub_topic.topic["archived"].name
  role    = "roles/pubsub.publisher"
  member  = var.agents["storage"]
}

resource "google_storage_notification" "archived" {
  bucket         = google_storage_bucket.bucket["alerts"].name
  topic          = google_pubsub_topic.topic["archived"].id
  payload_format = "JSON_API_V1"
  event_types    = ["OBJECT_FINALIZE"]

  depends_on = [google_pubsub_topic_iam_member.notifies]
}

# The account in whose name Pub/Sub calls the stream's functions.
resource "google_service_account" "events" {
  project      = var.project
  account_id   = "${var.stream}-events${local.tail}"
  display_name = "Brings events to the functions of ${var.stream}"
}

resource "google_service_account_iam_member" "events" {
  service_account_id = google_service_account.events.id
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.agents["pubsub"]
}

# The call that closes a night. It has no data: the last night is meant. Pub/Sub
# wants data or an attribute.
resource "google_cloud_scheduler_job" "dawn" {
  project     = var.project
  region      = var.region
  name        = google_pubsub_topic.topic["dawn"].name
  description = "Closes the night of ${var.stream}"
  schedule    = var.dawn
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.topic["dawn"].id
    attributes = { stream = var.stream }
  }
}

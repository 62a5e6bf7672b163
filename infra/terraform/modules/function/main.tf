# One function of one stream: the service, the account it acts as, and the
# subscription that brings its events. See docs/decisions/001-push-subscriptions.md.

locals {
  tail = var.suffix == "" ? "" : "-${var.suffix}"
  name = "${var.stream.name}-${var.name}${local.tail}"

  # An account's name has at most 30 letters.
  account = length(local.name) <= 30 ? local.name : "${substr(local.name, 0, 21)}-${substr(sha256(local.name), 0, 8)}"

  # Go's collector works harder before the instance has no more memory: an eighth
  # is left to what is not its heap.
  memory_mib = try(1024 * tonumber(trimsuffix(var.settings.memory, "Gi")), tonumber(trimsuffix(var.settings.memory, "Mi")))

  asks_registry = var.settings.registry && var.registry != null
}

resource "google_service_account" "function" {
  project      = var.project
  account_id   = local.account
  display_name = "Function ${local.name}"
}

resource "google_cloudfunctions2_function" "function" {
  project     = var.project
  location    = var.region
  name        = local.name
  description = "Nightwire's ${var.name} of ${var.stream.name}"

  build_config {
    runtime         = "go126"
    entry_point     = var.name
    service_account = var.build.account

    source {
      storage_source {
        bucket = var.build.bucket
        object = var.build.object
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function.email
    available_memory                 = var.settings.memory
    available_cpu                    = var.settings.cpu
    max_instance_request_concurrency = var.settings.concurrency
    max_instance_count               = var.settings.instances
    timeout_seconds                  = var.settings.timeout
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # Pub/Sub of this project is inside

    environment_variables = merge(
      var.environment,
      {
        GOOGLE_CLOUD_PROJECT = var.project
        # Who pays for reading a bucket whose requesters pay.
        GOOGLE_CLOUD_QUOTA_PROJECT = var.project
        GOMEMLIMIT                 = "${floor(local.memory_mib * 7 / 8)}MiB"
        NIGHTWIRE_STREAM           = var.stream.name
        NIGHTWIRE_SUFFIX           = var.suffix
      },
      local.asks_registry ? {
        SCHEMA_REGISTRY_URL      = var.registry.url
        SCHEMA_REGISTRY_USERNAME = var.registry.username
      } : {},
    )

    dynamic "secret_environment_variables" {
      for_each = local.asks_registry ? [var.stream.secrets["schema-registry-password"]] : []
      content {
        key        = "SCHEMA_REGISTRY_PASSWORD"
        project_id = var.project
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.registry]
}

# The address of an event's function is the service's, and only the stream's
# account of events may call it.
resource "google_cloud_run_v2_service_iam_member" "events" {
  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.function.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.stream.events}"
}

resource "google_pubsub_subscription" "events" {
  project                    = var.project
  name                       = "${var.stream.topics[var.settings.trigger].name}-${var.name}"
  topic                      = var.stream.topics[var.settings.trigger].id
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = "" # never, though no alert comes for months
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.function.service_config[0].uri

    oidc_token {
      service_account_email = var.stream.events
      audience              = google_cloudfunctions2_function.function.service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = var.settings.retry.minimum
    maximum_backoff = var.settings.retry.maximum
  }

  dead_letter_policy {
    dead_letter_topic     = var.stream.topics["dead-letter"].id
    max_delivery_attempts = var.settings.retry.attempts
  }

  depends_on = [google_cloud_run_v2_service_iam_member.events]
}

# To move a message to the dead letters, Pub/Sub takes it off the subscription.
resource "google_pubsub_subscription_iam_member" "forwards" {
  project      = var.project
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = var.agents["pubsub"]
}

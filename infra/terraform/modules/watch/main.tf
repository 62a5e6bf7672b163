# What wakes the operators: events that wait, dead letters, a connector that does
# not report, functions that fail, and money.

locals {
  tail = var.suffix == "" ? "" : "-${var.suffix}"
}

resource "google_monitoring_notification_channel" "operator" {
  for_each = toset(var.operators)

  project      = var.project
  display_name = "Nightwire's operator ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

locals {
  channels = [for c in google_monitoring_notification_channel.operator : c.id]
}

resource "google_monitoring_alert_policy" "backlog" {
  project               = var.project
  display_name          = "Nightwire${local.tail}: events wait"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = var.subscriptions
    content {
      display_name = conditions.key
      condition_threshold {
        filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${conditions.value}\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        comparison      = "COMPARISON_GT"
        threshold_value = 900
        duration        = "300s"
        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The oldest event of a function has waited for a quarter of an hour. Its log says why it is not acknowledged; until then Pub/Sub keeps it, for seven days."
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project
  display_name          = "Nightwire${local.tail}: dead letters"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = var.streams
    content {
      display_name = conditions.key
      condition_threshold {
        filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${conditions.value.dead_letters}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        comparison      = "COMPARISON_GT"
        threshold_value = 0
        duration        = "0s"
        aggregations {
          alignment_period   = "300s"
          per_series_aligner = "ALIGN_MAX"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Something could not be processed: a gap in Kafka, a private alert on a public stream, a row that its table does not take. The attribute `nightwire.reason` says which."
  }
}

resource "google_monitoring_alert_policy" "connector" {
  count = anytrue([for s in var.streams : s.heartbeat]) ? 1 : 0

  project               = var.project
  display_name          = "Nightwire${local.tail}: a connector is silent"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = { for name, s in var.streams : name => s if s.heartbeat }
    content {
      display_name = conditions.key
      condition_absent {
        filter   = "resource.type = \"pubsub_topic\" AND resource.labels.topic_id = \"${conditions.value.watermarks}\" AND metric.type = \"pubsub.googleapis.com/topic/send_message_operation_count\""
        duration = "900s"
        aggregations {
          alignment_period   = "60s"
          per_series_aligner = "ALIGN_COUNT"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "A connector reports every minute, by day as well, and has not for a quarter of an hour. Surveys keep alerts for about a week."
  }
}

resource "google_monitoring_alert_policy" "failures" {
  project               = var.project
  display_name          = "Nightwire${local.tail}: functions fail"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "one event in twenty is refused"
    condition_threshold {
      filter             = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      denominator_filter = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/request_count\""
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.05
      duration           = "600s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_billing_budget" "month" {
  count = var.billing_account == "" ? 0 : 1

  billing_account = var.billing_account
  display_name    = "Nightwire${local.tail}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(floor(var.budget))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = local.channels
  }
}

# What people look at, what wakes the operators, and what tells them of money. The
# dashboard and the rules are infra/dashboards' files, which are tested there
# against what the programs emit; here they get the deployment's name and channels.

locals {
  tail = var.suffix == "" ? "" : "-${var.suffix}"

  dashboard = jsondecode(file("${var.dashboards}/cloud-dashboard.json"))
  rules     = { for rule in jsondecode(file("${var.dashboards}/cloud-alerts.json")) : rule.userLabels.rule => rule }
}

resource "google_monitoring_dashboard" "nightwire" {
  project        = var.project
  dashboard_json = jsonencode(merge(local.dashboard, { displayName = "${local.dashboard.displayName}${local.tail}" }))
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

resource "google_monitoring_alert_policy" "rule" {
  for_each = local.rules

  project               = var.project
  display_name          = var.suffix == "" ? each.value.displayName : "${each.value.displayName} (${var.suffix})"
  combiner              = each.value.combiner
  enabled               = each.value.enabled
  severity              = each.value.severity
  user_labels           = each.value.userLabels
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.value.displayName

      dynamic "condition_prometheus_query_language" {
        for_each = try([conditions.value.conditionPrometheusQueryLanguage], [])
        iterator = question
        content {
          query                     = question.value.query
          duration                  = question.value.duration
          evaluation_interval       = question.value.evaluationInterval
          rule_group                = question.value.ruleGroup
          alert_rule                = question.value.alertRule
          disable_metric_validation = question.value.disableMetricValidation
        }
      }

      dynamic "condition_matched_log" {
        for_each = try([conditions.value.conditionMatchedLog], [])
        iterator = line
        content {
          filter           = line.value.filter
          label_extractors = line.value.labelExtractors
        }
      }
    }
  }

  # A line of the log has no end by itself, and may come a thousand times.
  dynamic "alert_strategy" {
    for_each = try([each.value.alertStrategy], [])
    iterator = strategy
    content {
      auto_close = strategy.value.autoClose
      notification_rate_limit {
        period = strategy.value.notificationRateLimit.period
      }
    }
  }

  documentation {
    mime_type = each.value.documentation.mimeType
    content   = each.value.documentation.content
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

# modules/watch alone.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project         = "survey"
  suffix          = ""
  operators       = ["operator@example.org"]
  billing_account = "000000-000000-000000"
  budget          = 750
  dashboards      = "../dashboards"
}

run "alarms" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition = length(setsubtract(
      [for rule in ["KafkaLag", "DeadLetters", "MissingAtDawn", "Conflict", "PrivateAlert", "CertificateAbsent"] : lower("Nightwire${rule}")],
      keys(google_monitoring_alert_policy.rule),
    )) == 0
    error_message = "What must not be missed has a rule."
  }
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.rule : length(p.conditions) == 1 && p.documentation[0].content != ""])
    error_message = "A rule has its condition, and says what to do."
  }
  assert {
    condition = alltrue([for p in google_monitoring_alert_policy.rule :
      length(p.conditions[0].condition_prometheus_query_language) + length(p.conditions[0].condition_matched_log) == 1
    ])
    error_message = "A condition is a question or a line of the log."
  }
  assert {
    condition     = google_monitoring_alert_policy.rule["nightwireconflict"].alert_strategy[0].notification_rate_limit[0].period == "3600s"
    error_message = "A line that comes a thousand times tells once an hour."
  }
  assert {
    condition     = google_monitoring_alert_policy.rule["nightwirekafkalag"].conditions[0].condition_prometheus_query_language[0].disable_metric_validation
    error_message = "A rule can be made before its metric has a point."
  }
  assert {
    condition     = jsondecode(google_monitoring_dashboard.nightwire.dashboard_json).displayName == "Nightwire"
    error_message = "There is a dashboard."
  }
  assert {
    condition     = toset(keys(google_monitoring_notification_channel.operator)) == toset(["operator@example.org"])
    error_message = "Alarms go to the operators."
  }
  assert {
    condition     = google_billing_budget.month[0].amount[0].specified_amount[0].units == "750"
    error_message = "The budget is the operator's."
  }
}

run "no_budget" {
  command = plan

  module {
    source = "./modules/watch"
  }
  variables {
    billing_account = ""
    suffix          = "t1"
  }

  assert {
    condition     = length(google_billing_budget.month) == 0
    error_message = "What nobody asked for is not made."
  }
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.rule : endswith(p.display_name, "(t1)")])
    error_message = "Alarms of a deployment beside another say whose they are."
  }
}

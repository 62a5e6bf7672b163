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
  subscriptions   = { "ztf/rows" = "ztf-archived-rows", "ztf/filter" = "ztf-archived-filter" }
  streams = {
    ztf  = { dead_letters = "ztf-dead-letter", watermarks = "ztf-watermarks", heartbeat = true }
    lsst = { dead_letters = "lsst-dead-letter", watermarks = "lsst-watermarks", heartbeat = false }
  }
}

run "alarms" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition     = toset(google_monitoring_alert_policy.backlog.conditions[*].display_name) == toset(["ztf/filter", "ztf/rows"])
    error_message = "Every function's events are watched."
  }
  assert {
    condition     = toset(google_monitoring_alert_policy.dead_letters.conditions[*].display_name) == toset(["lsst", "ztf"])
    error_message = "Every stream's dead letters are watched."
  }
  assert {
    condition     = google_monitoring_alert_policy.connector[0].conditions[*].display_name == tolist(["ztf"])
    error_message = "A connector that is deployed here is watched."
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
    streams         = { ztf = { dead_letters = "ztf-dead-letter", watermarks = "ztf-watermarks", heartbeat = false } }
  }

  assert {
    condition     = length(google_billing_budget.month) == 0 && length(google_monitoring_alert_policy.connector) == 0
    error_message = "What nobody asked for is not made."
  }
}

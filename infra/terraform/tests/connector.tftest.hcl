# modules/connector alone.

mock_provider "google" {
  mock_data "google_compute_zones" {
    defaults = { names = ["us-central1-a", "us-central1-b"] }
  }
}

variables {
  project    = "survey"
  region     = "us-central1"
  suffix     = ""
  image      = "us-central1-docker.pkg.dev/survey/nightwire/connector:latest"
  machine    = "e2-small"
  subnetwork = "projects/survey/regions/us-central1/subnetworks/nightwire"
  repository = "nightwire"
  telemetry  = "google"
  kafka = {
    bootstrap_servers = "lsst.example.org:9094"
    environment       = { KAFKA_TOPICS = "lsst-alerts-v10.0" }
    password          = true
    machines          = 2
  }
  stream = {
    name = "lsst"
    topics = {
      alerts-raw  = { name = "lsst-alerts-raw", id = "projects/survey/topics/lsst-alerts-raw" }
      dead-letter = { name = "lsst-dead-letter", id = "projects/survey/topics/lsst-dead-letter" }
      watermarks  = { name = "lsst-watermarks", id = "projects/survey/topics/lsst-watermarks" }
    }
    secrets = { kafka-password = "lsst-kafka-password" }
  }
}

run "machines" {
  command = plan

  module {
    source = "./modules/connector"
  }

  assert {
    condition     = length(distinct([for m in google_compute_instance.machine : m.zone])) == 2
    error_message = "Two machines are in two zones."
  }
  assert {
    condition     = toset([for m in google_pubsub_topic_iam_member.publishes : m.topic]) == toset(["lsst-alerts-raw", "lsst-dead-letter", "lsst-watermarks"])
    error_message = "It publishes alerts, what it could not send, and how far it is."
  }
  assert {
    condition = alltrue([for m in google_compute_instance.machine : alltrue([
      for setting in ["KAFKA_TOPICS=lsst-alerts-v10.0", "KAFKA_BOOTSTRAP_SERVERS=lsst.example.org:9094", "NIGHTWIRE_STREAM=lsst", "GOOGLE_CLOUD_PROJECT=survey", "NIGHTWIRE_TELEMETRY=google"] :
      strcontains(m.metadata["user-data"], setting)
    ])])
    error_message = "The machine tells the connector what it needs."
  }
  assert {
    condition     = contains([for m in google_project_iam_member.tells : m.role], "roles/telemetry.metricsWriter")
    error_message = "It may write the metrics that alarms ask for."
  }
  assert {
    condition     = can(yamldecode(google_compute_instance.machine["0"].metadata["user-data"]))
    error_message = "cloud-init reads YAML."
  }
  assert {
    condition     = strcontains(google_compute_instance.machine["0"].metadata["user-data"], "secrets/lsst-kafka-password/versions/latest:access")
    error_message = "The password is fetched at the start."
  }
}

run "without_password" {
  command = plan

  module {
    source = "./modules/connector"
  }
  variables {
    kafka = { bootstrap_servers = "ztf.example.org:9092", environment = {}, password = false, machines = 1 }
  }

  assert {
    condition     = length(google_secret_manager_secret_iam_member.password) == 0
    error_message = "Who needs no password has no right to one."
  }
  assert {
    condition     = !strcontains(google_compute_instance.machine["0"].metadata["user-data"], "KAFKA_SASL_PASSWORD")
    error_message = "An empty password is not set."
  }
}

# modules/function alone: what a function may do is what its entry says.

mock_provider "google" {}

variables {
  project = "survey"
  region  = "us-central1"
  suffix  = ""
  name    = "supernova"
  settings = {
    trigger     = "extragalactic"
    memory      = "1Gi"
    cpu         = "1"
    concurrency = 4
    instances   = 20
    timeout     = 540
    retry       = { minimum = "10s", maximum = "600s", attempts = 100 }
    reads       = ["alerts", "products/models"]
    writes      = ["products/plots"]
    publishes   = ["supernova"]
    appends     = ["supernova_fits"]
    asks        = []
    registry    = false
  }
  stream = {
    name   = "ztf"
    public = true
    topics = {
      extragalactic = { name = "ztf-extragalactic", id = "projects/survey/topics/ztf-extragalactic" }
      rising        = { name = "ztf-rising", id = "projects/survey/topics/ztf-rising" }
      supernova     = { name = "ztf-supernova", id = "projects/survey/topics/ztf-supernova" }
      dead-letter   = { name = "ztf-dead-letter", id = "projects/survey/topics/ztf-dead-letter" }
    }
    filter_topics = ["extragalactic", "rising"]
    buckets       = { alerts = "survey-ztf-alerts", products = "survey-ztf-products" }
    folders       = { models = "models/", plots = "plots/", matches = "matches/" }
    dataset       = "ztf"
    tables        = { supernova_fits = "supernova_fits", evaluations = "evaluations" }
    secrets       = { schema-registry-password = "ztf-schema-registry-password" }
    events        = "ztf-events@survey.iam.gserviceaccount.com"
  }
  build  = { bucket = "survey-nightwire-source", object = "functions-1.zip", account = "projects/survey/serviceAccounts/build" }
  agents = { pubsub = "serviceAccount:pubsub", storage = "serviceAccount:storage" }
}

run "rights" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = { for k, m in google_storage_bucket_iam_member.alerts : k => m.role } == { reads = "roles/storage.objectViewer" }
    error_message = "It reads alerts, and creates none."
  }
  assert {
    condition = { for m in google_storage_managed_folder_iam_member.products : m.managed_folder => m.role } == {
      "models/" = "roles/storage.objectViewer", "plots/" = "roles/storage.objectUser"
    }
    error_message = "It reads models and writes plots."
  }
  assert {
    condition     = toset([for m in google_pubsub_topic_iam_member.publishes : m.topic]) == toset(["ztf-dead-letter", "ztf-supernova"])
    error_message = "It publishes supernovae and dead letters."
  }
  assert {
    condition     = !contains([for m in google_project_iam_member.project : m.role], "roles/bigquery.jobUser")
    error_message = "Who asks no table runs no query."
  }
  assert {
    condition     = length(google_secret_manager_secret_iam_member.registry) == 0
    error_message = "Who asks no registry sees no password."
  }
  assert {
    condition     = google_cloudfunctions2_function.function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "Nobody outside can call a function."
  }
  assert {
    condition     = google_cloudfunctions2_function.function.service_config[0].environment_variables["GOMEMLIMIT"] == "896MiB"
    error_message = "Go knows how much memory it has."
  }
}

run "events" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = google_pubsub_subscription.events.name == "ztf-extragalactic-supernova"
    error_message = "A subscription is named for its topic and function."
  }
  assert {
    condition     = google_pubsub_subscription.events.dead_letter_policy[0].dead_letter_topic == "projects/survey/topics/ztf-dead-letter"
    error_message = "A message that is refused to the last is kept."
  }
  assert {
    condition     = google_pubsub_subscription.events.ack_deadline_seconds > google_cloudfunctions2_function.function.service_config[0].timeout_seconds
    error_message = "An event is not sent again while a function works on it."
  }
  assert {
    condition     = google_pubsub_subscription.events.expiration_policy[0].ttl == ""
    error_message = "A subscription outlives a quiet season."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.events.member == "serviceAccount:ztf-events@survey.iam.gserviceaccount.com"
    error_message = "Only the account of events calls the function."
  }
}

run "registry" {
  command = plan

  module {
    source = "./modules/function"
  }
  variables {
    name     = "archive"
    registry = { url = "https://registry.example.org", username = "broker" }
    settings = {
      trigger     = "extragalactic"
      memory      = "512Mi"
      cpu         = "1"
      concurrency = 40
      instances   = 40
      timeout     = 540
      retry       = { minimum = "10s", maximum = "600s", attempts = 100 }
      reads       = []
      writes      = ["alerts"]
      publishes   = ["filters"]
      appends     = []
      asks        = ["evaluations"]
      registry    = true
    }
  }

  assert {
    condition     = google_cloudfunctions2_function.function.service_config[0].secret_environment_variables[0].secret == "ztf-schema-registry-password"
    error_message = "The password comes from the secret."
  }
  assert {
    condition     = toset([for m in google_storage_bucket_iam_member.alerts : m.role]) == toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])
    error_message = "An archived file is created, and never changed or deleted."
  }
  assert {
    condition     = toset([for m in google_pubsub_topic_iam_member.publishes : m.topic]) == toset(["ztf-dead-letter", "ztf-extragalactic", "ztf-rising"])
    error_message = "It publishes to every filter's topic."
  }
  assert {
    condition     = contains([for m in google_project_iam_member.project : m.role], "roles/bigquery.jobUser")
    error_message = "Who asks a table runs queries."
  }
  assert {
    condition     = google_cloudfunctions2_function.function.service_config[0].environment_variables["GOMEMLIMIT"] == "448MiB"
    error_message = "Memory is also told in Mi."
  }
}

run "long_name" {
  command = plan

  module {
    source = "./modules/function"
  }
  variables {
    suffix = "atestdeployment1"
  }

  assert {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", google_service_account.function.account_id))
    error_message = "An account has a name of 6 to 30 letters."
  }
}

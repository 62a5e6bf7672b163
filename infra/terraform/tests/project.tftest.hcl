# modules/project alone.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  project        = "survey"
  region         = "us-central1"
  suffix         = ""
  source_archive = "tests/project.tftest.hcl" # any file
  kms_key        = ""
}

run "project" {
  command = plan

  module {
    source = "./modules/project"
  }

  assert {
    condition     = google_storage_bucket_object.source.name == "functions-${filesha256("tests/project.tftest.hcl")}.zip"
    error_message = "A new archive has a new name, which deploys it."
  }
  assert {
    condition     = google_storage_bucket.source.public_access_prevention == "enforced"
    error_message = "The source is not public."
  }
  assert {
    condition     = length(google_kms_crypto_key_iam_member.agent) == 0
    error_message = "Without a key nobody has a right to one."
  }
  assert {
    condition     = google_compute_firewall.shell.source_ranges == toset(["35.235.240.0/20"])
    error_message = "Only Google's proxy reaches the machines."
  }
  assert {
    condition     = output.agents["pubsub"] == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Pub/Sub acts as its own account of the project."
  }
}

run "encrypted" {
  command = plan

  module {
    source = "./modules/project"
  }
  variables {
    kms_key = "projects/survey/locations/us-central1/keyRings/nightwire/cryptoKeys/alerts"
  }

  assert {
    condition     = toset(keys(google_kms_crypto_key_iam_member.agent)) == toset(["bigquery", "pubsub", "storage"])
    error_message = "The services that encrypt may use the key."
  }
}

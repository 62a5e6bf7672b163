# The whole plan, as production and as a test deployment beside it. A test in Go
# reads both plans and compares every name with shared/names.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_compute_zones" {
    defaults = { names = ["us-central1-a", "us-central1-b", "us-central1-c"] }
  }
  # The provider checks what an account's name looks like.
  mock_resource "google_service_account" {
    defaults = { id = "projects/survey/serviceAccounts/somebody@survey.iam.gserviceaccount.com" }
  }
}

variables {
  project         = "survey"
  source_archive  = "tests/plan.tftest.hcl" # any file
  operators       = ["operator@example.org"]
  billing_account = "000000-000000-000000"
  streams = {
    ztf = {
      public  = true
      filters = ["purple"]
      kafka   = { bootstrap_servers = "ztf.example.org:9092" }
    }
    ztf-partnership = {
      readers = ["group:partners@example.org"]
      kafka   = { bootstrap_servers = "ztf.example.org:9092", machines = 2 }
    }
    lsst = {
      readers  = ["group:rubin@example.org"]
      dawn     = "50 11 * * *"
      registry = { url = "https://registry.example.org", username = "broker" }
      kafka = {
        bootstrap_servers = "lsst.example.org:9094"
        password          = true
        environment = {
          KAFKA_TOPICS            = "lsst-alerts-v10.0"
          KAFKA_SECURITY_PROTOCOL = "SASL_SSL"
          KAFKA_SASL_MECHANISM    = "SCRAM-SHA-512"
          KAFKA_SASL_USERNAME     = "broker"
        }
      }
    }
  }
}

run "production" {
  command = plan

  assert {
    condition     = length(local.deployed) == length(var.streams) * length(var.functions)
    error_message = "Every stream has every function."
  }
}

run "test" {
  command = plan

  assert {
    condition     = module.stream["lsst"].dawn == "50 11 * * *" && module.stream["ztf"].dawn == "0 17 * * *"
    error_message = "A night is closed when the operator says, or before the survey's next begins."
  }

  variables {
    suffix = "t1"
  }
}

# Applied on mocks, everything is known: what can only be found out then, such as
# a loop over what is not known yet, shows here.
run "applied" {
  command = apply

  variables {
    streams = {
      ztf-partnership = {
        readers = ["group:partners@example.org"]
        kafka   = { bootstrap_servers = "ztf.example.org:9092", machines = 2 }
      }
    }
  }

  assert {
    condition     = length(output.addresses["ztf-partnership"]) == 2
    error_message = "Two machines have two addresses."
  }
  assert {
    condition     = output.streams["ztf-partnership"].dataset == "ztf_partnership"
    error_message = "A dataset has no hyphen."
  }
}

run "encrypted" {
  command = plan

  variables {
    streams = { ztf = {} }
    kms_key = "projects/survey/locations/us-central1/keyRings/nightwire/cryptoKeys/alerts"
  }
}

run "unknown_stream" {
  command = plan

  variables {
    streams = { atlas = {} }
  }
  expect_failures = [var.streams]
}

run "public_partnership" {
  command = plan

  variables {
    streams = { ztf-partnership = { public = true } }
  }
  expect_failures = [var.streams]
}

run "reader_who_is_no_group" {
  command = plan

  variables {
    streams = { lsst = { readers = ["allUsers"] } }
  }
  expect_failures = [var.streams]
}

run "long_suffix" {
  command = plan

  variables {
    suffix = "a-b"
  }
  expect_failures = [var.suffix]
}

run "function_that_outlives_its_event" {
  command = plan

  variables {
    functions = { rows = { trigger = "archived", timeout = 600 } }
  }
  expect_failures = [var.functions]
}

run "function_that_reads_elsewhere" {
  command = plan

  variables {
    functions = { rows = { trigger = "archived", reads = ["survey-lsst-alerts"] } }
  }
  expect_failures = [var.functions]
}

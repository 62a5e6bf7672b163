# The settings in terraform.tfvars beside this file, which the guide of operations
# starts from, make a plan:
#
#   terraform test -test-directory=example -var-file=example/terraform.tfvars

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_compute_zones" {
    defaults = { names = ["us-central1-a", "us-central1-b"] }
  }
}

run "plan" {
  command = plan

  variables {
    source_archive = "main.tf" # any file
  }

  assert {
    condition     = length(module.connector) == 3
    error_message = "Each of its streams has a connector."
  }
}

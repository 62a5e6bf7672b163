terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 8.0, < 9.0"
    }
  }

  # The state lives in a bucket that the operator names at `terraform init`.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region

  # Budgets are asked for in the name of a project.
  billing_project       = var.project
  user_project_override = true
}

# The connector of one stream: small machines that run its container and nothing
# else. They share the consumer group; one is enough, a second takes over.

locals {
  tail   = var.suffix == "" ? "" : "-${var.suffix}"
  name   = "${var.stream.name}-connector${local.tail}"
  member = "serviceAccount:${google_service_account.connector.account_id}@${var.project}.iam.gserviceaccount.com"

  account  = length(local.name) <= 30 ? local.name : "${substr(local.name, 0, 21)}-${substr(sha256(local.name), 0, 8)}"
  machines = toset([for i in range(var.kafka.machines) : tostring(i)])
  secret   = var.kafka.password ? var.stream.secrets["kafka-password"] : ""

  environment = merge({ NIGHTWIRE_TELEMETRY = var.telemetry }, var.kafka.environment, {
    GOOGLE_CLOUD_PROJECT    = var.project
    NIGHTWIRE_STREAM        = var.stream.name
    NIGHTWIRE_SUFFIX        = var.suffix
    KAFKA_BOOTSTRAP_SERVERS = var.kafka.bootstrap_servers
  })
}

resource "google_service_account" "connector" {
  project      = var.project
  account_id   = local.account
  display_name = "Connector of ${var.stream.name}"
}

# It publishes what it reads, what it could not send, and how far it is.
resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = toset(["alerts-raw", "dead-letter", "watermarks"])

  project = var.project
  topic   = var.stream.topics[each.key].name
  role    = "roles/pubsub.publisher"
  member  = local.member
}

# Logs are the machine's; metrics the connector sends itself, on the project's quota.
resource "google_project_iam_member" "tells" {
  for_each = toset(["roles/logging.logWriter", "roles/telemetry.metricsWriter", "roles/serviceusage.serviceUsageConsumer"])

  project = var.project
  role    = each.key
  member  = local.member
}

resource "google_artifact_registry_repository_iam_member" "image" {
  project    = var.project
  location   = var.region
  repository = var.repository
  role       = "roles/artifactregistry.reader"
  member     = local.member
}

resource "google_secret_manager_secret_iam_member" "password" {
  for_each = var.kafka.password ? toset(["kafka-password"]) : []

  project   = var.project
  secret_id = var.stream.secrets[each.key]
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

# Surveys let in known addresses.
resource "google_compute_address" "address" {
  for_each = local.machines

  project = var.project
  region  = var.region
  name    = "${local.name}-${each.key}"
}

data "google_compute_zones" "zones" {
  project = var.project
  region  = var.region
}

resource "google_compute_instance" "machine" {
  for_each = local.machines

  project                   = var.project
  zone                      = element(data.google_compute_zones.zones.names, tonumber(each.key))
  name                      = "${local.name}-${each.key}"
  machine_type              = var.machine
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = "projects/cos-cloud/global/images/family/cos-stable"
      size  = 10
    }
  }

  network_interface {
    subnetwork = var.subnetwork

    access_config {
      nat_ip = google_compute_address.address[each.key].address
    }
  }

  service_account {
    email  = google_service_account.connector.email
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    google-logging-enabled = "true"
    user-data = templatefile("${path.module}/cloud-init.yaml", {
      image       = var.image
      registry    = split("/", var.image)[0]
      environment = local.environment
      secret_url  = local.secret == "" ? "" : "https://secretmanager.googleapis.com/v1/projects/${var.project}/secrets/${local.secret}/versions/latest:access"
    })
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.image,
    google_secret_manager_secret_iam_member.password,
  ]
}

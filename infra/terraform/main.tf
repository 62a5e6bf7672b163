# One plan for everything. What the project has once is in modules/project, what
# each stream has in modules/stream, modules/function and modules/connector.

locals {
  # Every function of every stream.
  deployed = merge([
    for stream in keys(var.streams) : {
      for name, f in var.functions : "${stream}/${name}" => merge(f, { stream = stream, name = name })
    }
  ]...)

  # The built-in filters of each stream: the files that the local stack reads too.
  built_in = [for file in sort(fileset("${path.module}/../filters", "*.yaml")) : merge(
    yamldecode(file("${path.module}/../filters/${file}")),
    { file = "${path.module}/../filters/${file}" },
  )]
  filters = {
    for stream in keys(var.streams) : stream => {
      for f in local.built_in : f.name => {
        file  = f.file
        topic = try(f.topic, f.name)
      } if contains(f.streams, stream)
    }
  }
}

module "project" {
  source = "./modules/project"

  project        = var.project
  region         = var.region
  suffix         = var.suffix
  source_archive = var.source_archive
  kms_key        = var.kms_key
}

module "stream" {
  source   = "./modules/stream"
  for_each = var.streams

  project             = var.project
  region              = var.region
  suffix              = var.suffix
  stream              = each.key
  agents              = module.project.agents
  public              = each.value.public
  readers             = each.value.readers
  dawn                = coalesce(each.value.dawn, each.key == "lsst" ? "45 11 * * *" : "0 17 * * *")
  filters             = local.filters[each.key]
  more_filters        = each.value.filters
  triggers            = distinct([for f in var.functions : f.trigger])
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
}

module "function" {
  source   = "./modules/function"
  for_each = local.deployed

  project     = var.project
  region      = var.region
  suffix      = var.suffix
  name        = each.value.name
  settings    = each.value
  stream      = module.stream[each.value.stream]
  environment = merge({ NIGHTWIRE_TELEMETRY = var.telemetry }, var.streams[each.value.stream].environment)
  registry    = var.streams[each.value.stream].registry
  build       = module.project.build
  agents      = module.project.agents
}

module "connector" {
  source   = "./modules/connector"
  for_each = { for name, s in var.streams : name => s.kafka if s.kafka != null }

  project    = var.project
  region     = var.region
  suffix     = var.suffix
  kafka      = each.value
  stream     = module.stream[each.key]
  image      = var.connector_image != "" ? var.connector_image : "${module.project.images}/connector:latest"
  machine    = var.connector_machine
  subnetwork = module.project.subnetwork
  repository = module.project.repository
  telemetry  = var.telemetry
}

module "watch" {
  source = "./modules/watch"

  project         = var.project
  suffix          = var.suffix
  operators       = var.operators
  billing_account = var.billing_account
  budget          = var.budget
  dashboards      = "${path.module}/../dashboards"

  # Policies need the service, which is enabled there.
  depends_on = [module.project]
}

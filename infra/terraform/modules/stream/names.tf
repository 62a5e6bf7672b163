# Every name follows the Go package shared/names, and a test of this folder
# compares each with it.

locals {
  tail    = var.suffix == "" ? "" : "-${var.suffix}"
  survey  = split("-", var.stream)[0]
  dataset = replace("${var.stream}${local.tail}", "-", "_")

  filter_topics = distinct(concat([for f in var.filters : f.topic], var.more_filters))
  topics = {
    for kind in distinct(concat(
      ["alerts-raw", "archived", "dead-letter", "dawn", "supernova", "watermarks", "tarball"],
      var.triggers, local.filter_topics,
    )) : kind => "${var.stream}-${kind}${local.tail}"
  }

  buckets = {
    for kind in ["alerts", "products"] : kind => "${var.project}-${var.stream}-${kind}${local.tail}"
  }

  # The folders of the bucket of products; those that readers may see.
  folders       = ["certificates", "filters", "matches", "models", "plots", "tarballs"]
  shown_folders = ["certificates", "plots", "tarballs"]

  audience = var.public ? ["allAuthenticatedUsers"] : var.readers
}

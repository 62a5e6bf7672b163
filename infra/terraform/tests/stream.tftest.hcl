# modules/stream alone: names, who may read, what is kept how long.

mock_provider "google" {}

variables {
  project  = "survey"
  region   = "us-central1"
  suffix   = ""
  stream   = "ztf-partnership"
  agents   = { pubsub = "serviceAccount:pubsub", storage = "serviceAccount:storage" }
  triggers = ["alerts-raw", "archived", "extragalactic"]
  filters  = { rising = { file = "tests/stream.tftest.hcl", topic = "rising" } }
  readers  = ["group:partners@example.org"]
  dawn     = "0 17 * * *"
}

run "private" {
  command = plan

  module {
    source = "./modules/stream"
  }

  assert {
    condition     = alltrue([for b in google_storage_bucket.bucket : b.public_access_prevention == "enforced" && !b.requester_pays])
    error_message = "A private bucket cannot be made public, and its readers do not pay."
  }
  assert {
    condition     = alltrue([for b in google_storage_bucket.bucket : b.uniform_bucket_level_access])
    error_message = "Access is decided by the bucket alone."
  }
  assert {
    condition = alltrue([for m in concat(
      values(google_storage_bucket_iam_member.alerts)[*].member,
      values(google_storage_managed_folder_iam_member.products)[*].member,
      values(google_bigquery_dataset_iam_member.reader)[*].member,
      values(google_pubsub_topic_iam_member.reader)[*].member,
    ) : m == "group:partners@example.org"])
    error_message = "A private stream has no public member."
  }
  assert {
    condition     = length(setintersection(local.shown_topics, ["alerts-raw", "dead-letter"])) == 0
    error_message = "Raw alerts and dead letters are nobody's to read."
  }
  assert {
    condition     = google_pubsub_topic.topic["extragalactic"].name == "ztf-partnership-extragalactic"
    error_message = "A topic is named for its stream and kind."
  }
  assert {
    condition     = alltrue([for t in google_pubsub_topic.topic : t.message_retention_duration != null])
    error_message = "Every topic can be replayed."
  }
}

run "lifecycle" {
  command = plan

  module {
    source = "./modules/stream"
  }

  assert {
    condition     = length(google_storage_bucket.bucket["alerts"].lifecycle_rule) == 0
    error_message = "No alert is ever deleted, and none is moved."
  }
  # The action is a set of one.
  assert {
    condition = one([
      for rule in google_storage_bucket.bucket["products"].lifecycle_rule :
      one(rule.condition).matches_prefix if one(rule.action).type == "SetStorageClass"
    ]) == tolist(["tarballs/"])
    error_message = "Tarballs, and nothing else, move to colder storage, once."
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.bucket["products"].lifecycle_rule :
      length(setsubtract(one(rule.condition).matches_prefix, ["matches/", "plots/"])) == 0 if one(rule.action).type == "Delete"
    ])
    error_message = "Certificates, tarballs, filters and models are kept."
  }
}

run "public" {
  command = plan

  module {
    source = "./modules/stream"
  }
  variables {
    stream  = "ztf"
    public  = true
    readers = []
  }

  assert {
    condition     = alltrue([for b in google_storage_bucket.bucket : b.requester_pays])
    error_message = "Readers of a public stream pay for their own requests."
  }
  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.alerts)) == toset(["allAuthenticatedUsers"])
    error_message = "A public stream is for everybody who can pay."
  }
  assert {
    condition = alltrue([
      for m in google_storage_managed_folder_iam_member.products : contains(["certificates/", "plots/", "tarballs/"], m.managed_folder)
    ])
    error_message = "Filters, models and claims are not shown."
  }
}

run "tables" {
  command = plan

  module {
    source = "./modules/stream"
  }

  assert {
    condition     = alltrue([for t in google_bigquery_table.table : one(t.time_partitioning).type == "DAY" && t.deletion_protection])
    error_message = "Tables are partitioned, and not destroyed by mistake."
  }
  assert {
    condition     = startswith(google_bigquery_table.view["alerts"].view[0].query, "SELECT *\nFROM `survey.ztf_partnership.alerts_stream`")
    error_message = "A view asks the stream's own table."
  }
}

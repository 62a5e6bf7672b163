variable "project" {
  description = "The Google Cloud project that everything is made in."
  type        = string
}

variable "region" {
  description = "Where functions, machines and data are: one region, so that nothing pays to travel."
  type        = string
  default     = "us-central1"
}

variable "suffix" {
  description = "Put on every resource's name, for a test deployment beside another."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-z0-9]{0,16}$", var.suffix))
    error_message = "The suffix has at most 16 lower-case letters and digits."
  }
}

variable "streams" {
  description = "The streams to deploy, by name: what each reads, and who may read it."
  type = map(object({
    # Anybody with a Google account may read, and pays for the own requests.
    public = optional(bool, false)
    # Groups that may read a stream that is not public: "group:NAME@DOMAIN".
    readers = optional(list(string), [])
    # When the night is closed, in UTC: after the survey's last alerts, and before
    # the next night begins, at midnight for ZTF and at noon for LSST.
    dawn = optional(string)
    # Topics of filters that are not built in; see the guide of operations.
    filters = optional(list(string), [])
    # More variables of the functions' environment, such as NIGHTWIRE_SUPERNOVA_*.
    environment = optional(map(string), {})
    # The survey's schema registry, if it sends the Confluent wire format.
    registry = optional(object({
      url      = string
      username = optional(string, "")
    }))
    # The connector's Kafka; without it the stream has no connector here.
    kafka = optional(object({
      bootstrap_servers = string
      # Variables of the connector's README, such as KAFKA_TOPICS.
      environment = optional(map(string), {})
      # SASL's password is in the secret NAME-kafka-password.
      password = optional(bool, false)
      # How many machines share the consumer group.
      machines = optional(number, 1)
    }))
  }))

  validation {
    condition     = length(setsubtract(keys(var.streams), ["ztf", "ztf-partnership", "lsst"])) == 0
    error_message = "A stream is one of ztf, ztf-partnership, lsst."
  }
  validation {
    condition     = !try(var.streams["ztf-partnership"].public, false)
    error_message = "The alerts of ztf-partnership are not public."
  }
  validation {
    condition     = alltrue([for s in var.streams : alltrue([for r in s.readers : startswith(r, "group:")])])
    error_message = "Readers are groups: group:NAME@DOMAIN."
  }
}

variable "functions" {
  description = "Every function, by its entry point: functions.auto.tfvars.json. The local stack reads the same map."
  type = map(object({
    # The kind of topic that brings its events: alerts-raw, archived, a filter's.
    trigger = string

    memory      = optional(string, "512Mi")
    cpu         = optional(string, "1")
    concurrency = optional(number, 32) # events in one instance at a time
    instances   = optional(number, 20) # at most
    timeout     = optional(number, 540)

    # How an event is tried again that was not acknowledged. A hundred tries, the
    # most there can be, last 16 hours: what is an outage of a service ends before.
    retry = optional(object({
      minimum  = optional(string, "10s")
      maximum  = optional(string, "600s")
      attempts = optional(number, 100)
    }), {})

    # What it may touch of its stream, and nothing else.
    reads     = optional(list(string), []) # alerts, products/FOLDER
    writes    = optional(list(string), []) # alerts: creates, never changes; products/FOLDER
    publishes = optional(list(string), []) # kinds of topic; filters: each filter's
    appends   = optional(list(string), []) # tables
    asks      = optional(list(string), []) # tables and views, in queries
    registry  = optional(bool, false)      # the survey's schema registry, and its password
  }))

  validation {
    condition     = alltrue([for f in var.functions : f.timeout < 600])
    error_message = "A function ends before Pub/Sub's longest acknowledgement deadline, 600 seconds."
  }
  validation {
    condition     = alltrue([for f in var.functions : f.retry.attempts >= 5 && f.retry.attempts <= 100])
    error_message = "Pub/Sub tries 5 to 100 times."
  }
  validation {
    condition = alltrue([for f in var.functions : alltrue([
      for where in concat(f.reads, f.writes) : where == "alerts" || can(regex("^products/[a-z]+$", where))
    ])])
    error_message = "A function reads and writes alerts or products/FOLDER."
  }
}

variable "telemetry" {
  description = "Where functions send metrics and traces, and connectors metrics: google, or off, which leaves dashboard and alarms without them."
  type        = string
  default     = "google"

  validation {
    condition     = contains(["google", "off"], var.telemetry)
    error_message = "Telemetry is sent to google, or off."
  }
}

variable "source_archive" {
  description = "The functions' archive, which make stage makes."
  type        = string
  default     = "../../build/functions.zip"
}

variable "connector_image" {
  description = "The connector's container image. Empty: nightwire/connector:latest of the project's own registry."
  type        = string
  default     = ""
}

variable "connector_machine" {
  description = "The connector's type of machine."
  type        = string
  default     = "e2-small"
}

variable "kms_key" {
  description = "A Cloud KMS key of the region that encrypts topics, buckets and tables: projects/P/locations/L/keyRings/R/cryptoKeys/K. Empty: Google's keys."
  type        = string
  default     = ""
}

variable "billing_account" {
  description = "The billing account to which the budget belongs. Empty: no budget."
  type        = string
  default     = ""
}

variable "budget" {
  description = "What the project may cost a month before the operators are told, in the account's currency."
  type        = number
  default     = 500
}

variable "operators" {
  description = "Addresses of e-mail that alarms and the budget go to."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  description = "Whether tables and buckets with data refuse to be destroyed."
  type        = bool
  default     = true
}

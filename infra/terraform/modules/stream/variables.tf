variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "suffix" {
  type = string
}

variable "stream" {
  description = "ztf, ztf-partnership or lsst."
  type        = string
}

variable "agents" {
  description = "Google's accounts that act for us, by service: pubsub, storage."
  type        = map(string)
}

variable "public" {
  type    = bool
  default = false
}

variable "readers" {
  description = "Groups that may read, where the stream is not public."
  type        = list(string)
  default     = []
}

variable "dawn" {
  description = "When the night is closed: cron, UTC."
  type        = string
}

variable "filters" {
  description = "The built-in filters of the stream: their files, and the kinds of their topics."
  type = map(object({
    file  = string
    topic = string
  }))
  default = {}
}

variable "more_filters" {
  description = "Kinds of topics of filters that are not built in."
  type        = list(string)
  default     = []
}

variable "triggers" {
  description = "Kinds of topics that trigger functions."
  type        = list(string)
  default     = []
}

variable "kms_key" {
  type    = string
  default = ""
}

variable "deletion_protection" {
  type    = bool
  default = true
}

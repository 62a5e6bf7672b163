variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "suffix" {
  type = string
}

variable "kafka" {
  type = object({
    bootstrap_servers = string
    environment       = map(string)
    password          = bool
    machines          = number
  })
}

variable "stream" {
  description = "The stream that it feeds: the outputs of modules/stream."
  type = object({
    name    = string
    topics  = map(object({ name = string, id = string }))
    secrets = map(string)
  })
}

variable "image" {
  type = string
}

variable "machine" {
  type = string
}

variable "subnetwork" {
  type = string
}

variable "repository" {
  type = string
}

variable "telemetry" {
  description = "Where it sends its metrics: google, or off."
  type        = string
}

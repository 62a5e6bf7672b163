variable "project" {
  type = string
}

variable "suffix" {
  type = string
}

variable "operators" {
  type    = list(string)
  default = []
}

variable "billing_account" {
  type    = string
  default = ""
}

variable "budget" {
  type    = number
  default = 500
}

variable "subscriptions" {
  description = "The subscriptions that bring events to functions."
  type        = map(string)
}

variable "streams" {
  description = "Where each stream's dead letters are found, and where its connector reports."
  type = map(object({
    dead_letters = string
    watermarks   = string
    heartbeat    = bool
  }))
}

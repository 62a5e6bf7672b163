variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "suffix" {
  type = string
}

variable "name" {
  description = "The function's entry point."
  type        = string
}

variable "settings" {
  description = "Its entry in the map of functions, with all defaults."
  type = object({
    trigger     = string
    memory      = string
    cpu         = string
    concurrency = number
    instances   = number
    timeout     = number
    retry       = object({ minimum = string, maximum = string, attempts = number })
    reads       = list(string)
    writes      = list(string)
    publishes   = list(string)
    appends     = list(string)
    asks        = list(string)
    registry    = bool
  })
}

variable "stream" {
  description = "The stream that it serves: the outputs of modules/stream."
  type = object({
    name          = string
    public        = bool
    topics        = map(object({ name = string, id = string }))
    filter_topics = list(string)
    buckets       = map(string)
    folders       = map(string)
    dataset       = string
    tables        = map(string)
    secrets       = map(string)
    events        = string
  })
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "registry" {
  description = "The survey's schema registry."
  type        = object({ url = string, username = string })
  default     = null
}

variable "build" {
  description = "What it is built from, and by whom."
  type        = object({ bucket = string, object = string, account = string })
}

variable "agents" {
  type = map(string)
}

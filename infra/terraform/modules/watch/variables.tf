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

variable "dashboards" {
  description = "The folder of cloud-dashboard.json and cloud-alerts.json."
  type        = string
}

variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "suffix" {
  type = string
}

variable "source_archive" {
  description = "The functions' archive."
  type        = string
}

variable "kms_key" {
  type = string
}

variable "rules_directory" {
  description = "Where the rule files of Prometheus are. Null: deploy/prometheus/rules of this repository."
  type        = string
  default     = null
}

variable "runbooks_directory" {
  description = "Where the runbooks are, one for each alert. Null: docs/runbooks of this repository."
  type        = string
  default     = null
}

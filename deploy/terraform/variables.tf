variable "project" {
  description = "The Google Cloud project whose managed Prometheus has the metrics, and which gets the policies."
  type        = string
}

variable "page_channels" {
  description = "Notification channels for what cannot wait: projects/[PROJECT_ID]/notificationChannels/[CHANNEL_ID]."
  type        = list(string)

  validation {
    condition     = length(var.page_channels) > 0
    error_message = "A page that reaches nobody is none: name one channel at least."
  }
}

variable "ticket_channels" {
  description = "Notification channels for what can wait until somebody is at work."
  type        = list(string)
  default     = []
}

variable "runbook_base_url" {
  description = "Where docs/runbooks of the version that runs can be read, without a slash at the end."
  type        = string

  validation {
    condition     = can(regex("^https://.*[^/]$", var.runbook_base_url))
    error_message = "An https address without a slash at its end."
  }
}

variable "dashboard_base_url" {
  description = "Where Grafana is, without a slash at the end. Null: policies have no link to a dashboard."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_base_url == null || can(regex("^https://.*[^/]$", var.dashboard_base_url))
    error_message = "An https address without a slash at its end."
  }
}

variable "disabled_alerts" {
  description = "Names of alerts whose policies are made but switched off."
  type        = set(string)
  default     = []
}

variable "auto_close" {
  description = "How long after its last data an incident is closed by itself: half an hour at least."
  type        = string
  default     = "1800s"

  validation {
    condition     = can(regex("^[0-9]+s$", var.auto_close)) && tonumber(trimsuffix(var.auto_close, "s")) >= 1800
    error_message = "Seconds, 1800s at least."
  }
}

# Which alerts there are, and their expressions: read from deploy/prometheus/rules, so that there is one source of them.
module "alerts" {
  source = "./modules/alert-definitions"
}

locals {
  # Of Prometheus and Alertmanager themselves: there are none here.
  elsewhere = ["monitoring"]

  # Those with a file of policies of their own.
  apart = ["redis", "replication", "slo"]

  service = merge([
    for file, alerts in module.alerts.by_file : alerts if !contains(concat(local.elsewhere, local.apart), file)
  ]...)

  severities = { page = "CRITICAL", ticket = "WARNING" }
  channels   = { page = var.page_channels, ticket = var.ticket_channels }
  links = {
    for name, alert in module.alerts.alerts : name => concat(
      [{ display_name = "Runbook", url = "${var.runbook_base_url}/${name}.md" }],
      var.dashboard_base_url == null ? [] : [
        { display_name = "Dashboard", url = "${var.dashboard_base_url}${alert.dashboard}" }
      ]
    )
  }
}

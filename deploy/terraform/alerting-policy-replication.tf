# Replicas of Redis, and the other regions: deploy/prometheus/rules/replication.yml.
resource "google_monitoring_alert_policy" "replication" {
  for_each = module.alerts.by_file["replication"]

  project      = var.project
  display_name = "${each.key}: ${each.value.summary}"
  combiner     = "OR"
  severity     = local.severities[each.value.severity]
  enabled      = !contains(var.disabled_alerts, each.key)

  # One condition each: the incident is then of that alert, and closes with it.
  conditions {
    display_name = each.value.summary

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.duration
      evaluation_interval = "30s"
      alert_rule          = each.key
      rule_group          = each.value.group
      labels              = each.value.labels

      # Counters of failures appear with the first failure; without this no policy could be made before it.
      disable_metric_validation = true
    }
  }

  documentation {
    content   = each.value.runbook
    mime_type = "text/markdown"
    subject   = each.value.summary

    dynamic "links" {
      for_each = local.links[each.key]

      content {
        display_name = links.value.display_name
        url          = links.value.url
      }
    }
  }

  alert_strategy {
    auto_close           = var.auto_close
    notification_prompts = ["OPENED", "CLOSED"]
  }

  notification_channels = local.channels[each.value.severity]

  user_labels = {
    service  = each.value.labels.service
    area     = each.value.labels.area
    severity = each.value.severity
  }
}

output "alerts" {
  description = "All alerts by name: file, group, severity, labels, summary, query, duration, dashboard, runbook."
  value       = local.alerts
}

output "by_file" {
  description = "The same by the rule file that they come from."
  value = {
    for file in distinct([for alert in local.alerts : alert.file]) : file => {
      for name, alert in local.alerts : name => alert if alert.file == file
    }
  }
}

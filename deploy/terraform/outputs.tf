output "policies" {
  description = "The names of all policies, by the name of their alert."
  value = {
    for name, policy in merge(
      google_monitoring_alert_policy.redis,
      google_monitoring_alert_policy.replication,
      google_monitoring_alert_policy.slo,
      google_monitoring_alert_policy.service,
    ) : name => policy.name
  }
}

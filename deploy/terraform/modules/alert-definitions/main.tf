# Turns the rule files of Prometheus into what a policy needs. Cloud Monitoring evaluates no recording rules, so the
# expression of each recorded name takes the name's place.
locals {
  rules_directory    = coalesce(var.rules_directory, "${path.module}/../../../prometheus/rules")
  runbooks_directory = coalesce(var.runbooks_directory, "${path.module}/../../../../docs/runbooks")

  groups = flatten([
    for file in sort(fileset(local.rules_directory, "*.yml")) : [
      for group in yamldecode(file("${local.rules_directory}/${file}")).groups : {
        file = trimsuffix(file, ".yml")
        name = group.name
        # As text, because the rules of a group differ in what they have.
        rules = [for rule in group.rules : jsonencode(rule)]
      }
    ]
  ])

  rules = flatten([
    for group in local.groups : [
      for rule in group.rules : { file = group.file, group = group.name, text = rule }
    ]
  ])

  recorded = {
    for rule in local.rules : jsondecode(rule.text).record => trimspace(jsondecode(rule.text).expr)
    if can(jsondecode(rule.text).record)
  }

  # An alert that is neither a page nor a ticket is the watchdog, which has nobody here to miss it.
  alerting = {
    for rule in local.rules : jsondecode(rule.text).alert => {
      file  = rule.file
      group = rule.group
      rule  = jsondecode(rule.text)
    }
    if can(jsondecode(rule.text).alert) && contains(["page", "ticket"], try(jsondecode(rule.text).labels.severity, ""))
  }

  seconds = { s = 1, m = 60, h = 3600, d = 86400 }

  alerts = {
    for name, alert in local.alerting : name => {
      file     = alert.file
      group    = alert.group
      severity = alert.rule.labels.severity
      labels   = alert.rule.labels
      summary  = alert.rule.annotations.summary

      # Recorded names, or else one character after the other.
      query = join("", [
        for token in regexall("gatehouse:[a-z0-9_:]+|(?s:.)", trimspace(alert.rule.expr)) :
        contains(keys(local.recorded), token) ? "(${local.recorded[token]})" : token
      ])

      duration = format("%ds", tonumber(regex("^[0-9]+", try(alert.rule["for"], "0s")))
      * local.seconds[regex("[smhd]$", try(alert.rule["for"], "0s"))])

      dashboard = alert.rule.annotations.dashboard_url
      runbook   = file("${local.runbooks_directory}/${name}.md")
    }
  }
}

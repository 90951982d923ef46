# What the rules of this repository become.
run "definitions" {
  command = plan

  assert {
    condition     = alltrue([for alert in output.alerts : !strcontains(alert.query, "gatehouse:")])
    error_message = "A recorded name is left in a query."
  }

  assert {
    condition     = alltrue([for alert in output.alerts : can(regex("^[0-9]+s$", alert.duration))])
    error_message = "A duration is not in seconds."
  }

  assert {
    condition     = alltrue([for name, alert in output.alerts : length(alert.runbook) <= 8192])
    error_message = "A runbook is longer than the documentation of a policy may be."
  }

  assert {
    condition     = length(output.alerts) == length(merge(values(output.by_file)...))
    error_message = "An alert belongs to no file."
  }

  assert {
    condition     = alltrue([for file in ["redis", "replication", "slo"] : contains(keys(output.by_file), file)])
    error_message = "A file of policies has no rules."
  }
}

# The translation itself, of a small file.
variables {
  rules_directory    = "./tests/rules"
  runbooks_directory = "./tests/rules"
}

run "recorded_names_are_replaced" {
  command = plan

  assert {
    condition = output.alerts["Example"].query == join("\n", [
      "(sum(rate(errors_total[5m]))",
      "/ sum(rate(requests_total[5m]))) > 0.1",
      "  and (sum(rate(errors_total[5m]))",
      "/ sum(rate(requests_total[5m]))) > 0",
    ])
    error_message = "Got ${output.alerts["Example"].query}"
  }

  assert {
    condition     = output.alerts["Example"].duration == "7200s"
    error_message = "Two hours are ${output.alerts["Example"].duration}"
  }
}

run "only_what_somebody_is_told" {
  command = plan

  assert {
    condition     = keys(output.alerts) == ["Example"]
    error_message = "Got ${join(", ", keys(output.alerts))}"
  }

  assert {
    condition     = output.by_file["example"]["Example"].runbook == "# Example\n"
    error_message = "The runbook is not the file's text."
  }
}

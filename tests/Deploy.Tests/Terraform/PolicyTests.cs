using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests.Alerts;

namespace Gatehouse.Deploy.Tests.Terraform;

/// <summary>
/// The policies for Google Cloud, as far as they can be judged without the provider, whose registry is not at hand
/// everywhere: its schema is (<c>Checks/provider-schema.json</c>).
/// </summary>
public partial class PolicyTests
{
    private const string Policy = "google_monitoring_alert_policy";

    [Fact]
    public async Task Files_AreWellFormed()
    {
        var parsed = await Hcl.FilesAsync();

        Assert.True(parsed.Count > 10);
        Assert.All(parsed, file => Assert.True(file.Value.Error is null, $"{file.Key}: {file.Value.Error}"));
    }

    [Fact]
    public async Task Arguments_AreThoseOfTheProvider()
    {
        var schema = ProviderSchema.Read();

        Assert.Empty((await Hcl.ModuleAsync()).Values.SelectMany(schema.Faults));
    }

    [Fact]
    public async Task WhatTheProviderWouldRefuse_IsFound()
    {
        var broken = (await Hcl.ParseAsync(new Dictionary<string, string>
        {
            ["broken.tf"] = $$"""
                resource "{{Policy}}" "broken" {
                  display_name = "Broken"
                  conditions {
                    display_name = "Broken"
                    condition_prometheus_query_language { querry = "up == 0" }
                  }
                  documentation {
                    dynamic "links" {
                      for_each = []
                      content { adress = "" }
                    }
                  }
                  alert_strategy {}
                  alert_strategy {}
                }
                """,
            ["malformed.tf"] = "resource \"x\" {",
        }));

        Assert.NotNull(broken["malformed.tf"].Error);
        Assert.Equal(
        [
            $"{Policy}.broken.alert_strategy is there more than once",
            $"{Policy}.broken.combiner is missing",
            $"{Policy}.broken.conditions.condition_prometheus_query_language.querry does not exist",
            $"{Policy}.broken.conditions.condition_prometheus_query_language.query is missing",
            $"{Policy}.broken.documentation.links.adress does not exist",
        ], ProviderSchema.Read().Faults(broken["broken.tf"].Json!.Value).Order());
    }

    [Fact]
    public async Task EachPolicy_HasOneConditionWithinTheProvidersLimits()
    {
        var policies = Hcl.Blocks((await Hcl.ModuleAsync()).Values, "resource")
            .SelectMany(type => type.Value.EnumerateObject()).ToDictionary(policy => policy.Name, policy => policy.Value[0]);

        Assert.Equal(["redis", "replication", "service", "slo"], policies.Keys.Order());
        Assert.All(policies.Values, policy =>
        {
            var query = Assert.Single(Assert.Single(policy.GetProperty("conditions").EnumerateArray())
                .GetProperty("condition_prometheus_query_language").EnumerateArray());
            Assert.Equal("30s", query.GetProperty("evaluation_interval").GetString());
            Assert.True(query.GetProperty("disable_metric_validation").GetBoolean());
            Assert.Equal("${each.value.query}", query.GetProperty("query").GetString());
            Assert.Equal("${each.value.duration}", query.GetProperty("duration").GetString());
            // Of log matches only.
            Assert.False(policy.GetProperty("alert_strategy")[0].TryGetProperty("notification_rate_limit", out _));
        });
        Assert.All(RuleFile.Alerts, alert =>
        {
            Assert.True($"{alert.Alert}: {alert.Annotations["summary"]}".Length <= 512);
            Assert.True(alert.Annotations["summary"].Length <= 255);
            Assert.Matches(LabelName(), alert.Alert!);
            Assert.All(alert.Labels.Values, value => Assert.Matches(LabelValue(), value));
        });
    }

    /// <summary>What <c>terraform validate</c> would find, were the provider there.</summary>
    [Fact]
    public async Task References_LeadSomewhere()
    {
        var (root, module) = (await Hcl.ModuleAsync(), await Hcl.ModuleAsync("modules", "alert-definitions"));
        var outputs = Hcl.Blocks(module.Values, "output").Select(output => output.Name).ToList();

        Assert.All(new[] { root, module }, files =>
        {
            var text = JsonSerializer.Serialize(files.Values);
            var variables = Hcl.Blocks(files.Values, "variable").Select(variable => variable.Name);
            var locals = files.Values.Where(file => file.TryGetProperty("locals", out _))
                .SelectMany(file => file.GetProperty("locals").EnumerateArray())
                .SelectMany(block => block.EnumerateObject()).Select(local => local.Name);
            Assert.Equal(variables.Order(), References(text, "var").Order());
            Assert.Equal(locals.Order(), References(text, "local").Order());
        });
        Assert.All(References(JsonSerializer.Serialize(root.Values), "module.alerts"), name => Assert.Contains(name, outputs));
        Assert.Equal("./modules/alert-definitions",
            Assert.Single(Hcl.Blocks(root.Values, "module")).Value[0].GetProperty("source").GetString());
    }

    private static IEnumerable<string> References(string text, string root) =>
        Regex.Matches(text, $@"(?<![a-z_.]){Regex.Escape(root)}\.([a-z_]+)").Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex LabelName();

    [GeneratedRegex("^[a-z0-9_-]{1,63}$")]
    private static partial Regex LabelValue();
}

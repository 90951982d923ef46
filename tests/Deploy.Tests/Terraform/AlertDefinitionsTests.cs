using System.Globalization;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Deploy.Tests.Alerts;

namespace Gatehouse.Deploy.Tests.Terraform;

/// <summary>
/// Terraform takes the alerts from the rules of Prometheus, so neither can say something else. The module has no
/// provider, so where there is a Terraform it is run; where there is none, that part is left out, and said to be.
/// </summary>
public sealed class AlertDefinitionsTests : IDisposable
{
    private readonly DirectoryInfo _copy = Directory.CreateTempSubdirectory("gatehouse-terraform-");

    public void Dispose() => _copy.Delete(recursive: true);

    [Fact]
    public async Task Definitions_AreTheRulesOfPrometheus()
    {
        var module = await Hcl.ModuleAsync("modules", "alert-definitions");
        var locals = module["main.tf"].GetProperty("locals")[0];
        // One source: the files themselves.
        Assert.Contains("${path.module}/../../../prometheus/rules", locals.GetProperty("rules_directory").GetString()!,
            StringComparison.Ordinal);
        Assert.Contains("yamldecode(file(", locals.GetProperty("groups").GetString()!, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(
            Hcl.Folder, "modules", "alert-definitions", "..", "..", "..", "prometheus", "rules")));
        if (Programs.Find("terraform") is null)
        {
            TestContext.Current.TestOutputHelper!.WriteLine("There is no terraform here: what it makes was not compared.");
            return;
        }

        await TerraformAsync(Hcl.Folder, "fmt", "-check", "-recursive", "-diff");
        Copy(Hcl.Folder, "deploy", "terraform");
        Copy(Repository.PathOf("deploy", "prometheus", "rules"), "deploy", "prometheus", "rules");
        Copy(Repository.PathOf("docs", "runbooks"), "docs", "runbooks");
        var folder = Path.Combine(_copy.FullName, "deploy", "terraform", "modules", "alert-definitions");
        await TerraformAsync(folder, "init", "-input=false");
        await TerraformAsync(folder, "validate");
        await TerraformAsync(folder, "test");
        await TerraformAsync(folder, "apply", "-auto-approve", "-input=false");

        await CompareAsync(await TerraformAsync(folder, "output", "-json", "alerts"));
    }

    private static async Task CompareAsync(string output)
    {
        var made = JsonSerializer.Deserialize<Dictionary<string, Definition>>(output, JsonSerializerOptions.Web)!;
        var alerts = RuleFile.Alerts.Where(alert => alert.Labels["severity"] != "none").ToList();

        Assert.Equal(alerts.Select(alert => alert.Alert!).Order(), made.Keys.Order());
        Assert.All(alerts, alert =>
        {
            var definition = made[alert.Alert!];
            Assert.Equal(Expanded(alert.Expr), definition.Query);
            Assert.Equal(Seconds(alert.For), definition.Duration);
            Assert.Equal((alert.File, alert.Group), (definition.File, definition.Group));
            Assert.Equal(
                alert.Labels.OrderBy(label => label.Key), definition.Labels.OrderBy(label => label.Key));
            Assert.Equal(alert.Annotations["summary"], definition.Summary);
            Assert.Equal(alert.Annotations["dashboard_url"], definition.Dashboard);
            Assert.Equal(Repository.Read("docs", "runbooks", $"{alert.Alert}.md"), definition.Runbook);
        });
        var parsed = await PromQl.ParseAsync(made.Values.Select(definition => definition.Query));
        Assert.All(parsed, query => Assert.True(query.Errors.Count == 0, query.Expression));
    }

    /// <summary>Longest names first: one may begin like another.</summary>
    private static string Expanded(string expression) => RuleFile.AllRules.Where(rule => rule.Record is not null)
        .OrderByDescending(rule => rule.Record!.Length)
        .Aggregate(expression.Trim(), (text, rule) =>
            text.Replace(rule.Record!, $"({rule.Expr.Trim()})", StringComparison.Ordinal));

    private static string Seconds(string duration)
    {
        var number = int.Parse(duration[..^1], CultureInfo.InvariantCulture);
        return $"{number * (duration[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 86_400 })}s";
    }

    private static async Task<string> TerraformAsync(string folder, params string[] arguments)
    {
        var result = await Tool.RunAsync("terraform", "terraform", arguments, folder: folder);
        Assert.True(result.ExitCode == 0, result.All);
        return result.Output;
    }

    private void Copy(string from, params string[] to)
    {
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine([_copy.FullName, .. to, Path.GetRelativePath(from, path)]);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    private sealed record Definition(
        string File, string Group, string Severity, Dictionary<string, string> Labels, string Summary, string Query,
        string Duration, string Dashboard, string Runbook);
}

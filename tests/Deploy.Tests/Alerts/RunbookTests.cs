using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Alerts;

/// <summary>Whoever is called finds out what to do, and nothing that is no more.</summary>
public partial class RunbookTests
{
    private static readonly string[] Sections = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Prevention"];

    /// <summary>Metrics of the runtime, the exporter and Orleans that no rule reads.</summary>
    private static readonly string[] OfOthers =
    [
        "dotnet_gc_pause_time_seconds_total", "dotnet_process_cpu_time_seconds_total",
        "dotnet_process_memory_working_set_bytes", "dotnet_thread_pool_queue_length_total",
        "dotnet_gc_last_collection_heap_size_bytes",
        "orleans_messaging_pings_reply_missed_total", "redis_latest_fork_seconds", "redis_connected_slave_offset_bytes",
    ];

    private static readonly Dictionary<string, string> Runbooks = Directory
        .EnumerateFiles(Repository.PathOf("docs", "runbooks"), "*.md")
        .Where(path => Path.GetFileName(path) != "README.md")
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);

    [Fact]
    public void EveryAlert_HasItsRunbookAndEveryRunbookItsAlert()
    {
        Assert.Equal(RuleFile.Alerts.Select(alert => alert.Alert!).Order(), Runbooks.Keys.Order());
        Assert.All(RuleFile.Alerts, alert =>
            Assert.Equal($"docs/runbooks/{alert.Alert}.md", alert.Annotations["runbook_url"]));
    }

    [Fact]
    public void EveryRunbook_HasItsSectionsInOrder() => Assert.All(Runbooks, runbook =>
    {
        Assert.StartsWith($"# {runbook.Key}\n", runbook.Value, StringComparison.Ordinal);
        var parts = Section().Split(runbook.Value);
        Assert.Equal(Sections, Section().Matches(runbook.Value).Select(heading => heading.Groups[1].Value));
        Assert.All(parts.Where((_, index) => index > 0 && index % 2 == 0), text => Assert.True(text.Trim().Length > 40));
        // Something to type, not only to think about.
        Assert.Contains('`', parts[6]);
    });

    /// <summary>Terraform ships each as the documentation of a policy, which has these limits.</summary>
    [Fact]
    public void EveryRunbook_FitsIntoAPolicy() => Assert.All(Runbooks.Values, text =>
    {
        Assert.True(text.Length <= 8192);
        Assert.True(Encoding.UTF8.GetByteCount(text) <= 10240);
        // Taken for a variable there.
        Assert.DoesNotContain("${", text, StringComparison.Ordinal);
    });

    [Fact]
    public void EveryMetricOfARunbook_IsOneThatThereIs()
    {
        var known = string.Join('\n',
            [Repository.Read("docs", "metrics.md"), .. RuleFile.AllRules.Select(rule => rule.Expr), .. OfOthers]);
        Assert.All(Runbooks, runbook => Assert.All(Metric().Matches(runbook.Value), match => Assert.True(
            known.Contains(match.Value, StringComparison.Ordinal), $"{runbook.Key}: {match.Value}")));
    }

    [Fact]
    public void EveryLink_LeadsSomewhere()
    {
        var folder = Repository.PathOf("docs", "runbooks");
        Assert.All(Directory.EnumerateFiles(folder, "*.md"), path => Assert.All(
            Link().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value),
            link => Assert.True(File.Exists(Path.Combine(folder, link)), $"{Path.GetFileName(path)}: {link}")));
    }

    [Fact]
    public void Index_NamesEveryRunbookWithItsSeverityAndMeaning()
    {
        var index = Repository.Read("docs", "runbooks", "README.md");

        Assert.All(RuleFile.Alerts, alert => Assert.Contains(
            $"| [{alert.Alert}]({alert.Alert}.md) | {alert.Labels["severity"]} | {alert.Annotations["summary"]} |\n",
            index, StringComparison.Ordinal));
    }

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(
        @"\b(gatehouse|audit|orleans|redis|dotnet|http)_[a-z_]+_(total|seconds|bytes|megabytes)(?=_bucket|_count|_sum|\b)")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\]\(([^)#:]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}

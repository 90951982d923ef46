using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests;
using Gatehouse.Deploy.Tests.Alerts;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>
/// The Prometheus configuration and the rules of deploy/prometheus as a test can use them: other addresses, a scrape and an
/// evaluation every second, and all times <see cref="Faster"/> times as short. Expressions are otherwise what is shipped.
/// </summary>
internal static partial class PrometheusFiles
{
    /// <summary>An hour is half a minute.</summary>
    public const int Faster = 120;

    // A rate needs two scrapes, and one may come late.
    private static readonly TimeSpan RangeMin = TimeSpan.FromSeconds(5);
    // What lasts for less than the scrapes and evaluations that find it is no state.
    private static readonly TimeSpan ForMin = TimeSpan.FromSeconds(3);

    /// <param name="targets">Where each job's targets are.</param>
    /// <param name="alertmanager">Where alerts go.</param>
    public static IEnumerable<(string Name, string Text)> All(
        IReadOnlyDictionary<string, string[]> targets, string alertmanager) =>
    [
        ("prometheus.yml", Configuration(targets, alertmanager)),
        .. RuleFile.Paths("rules")
            .Select(path => ($"rules/{Path.GetFileName(path)}", Quickened(File.ReadAllText(path)))),
    ];

    /// <summary>A rule file with all its times shortened.</summary>
    public static string Quickened(string rules)
    {
        var ranges = RangeOrOffset().Replace(rules, found => $"{found.Groups["before"]}{Shorter(found, RangeMin)}");
        return ForOrInterval().Replace(
            ranges, found => found.Groups["before"].Value == "interval: " ? "interval: 1s" : $"for: {Shorter(found, ForMin)}");
    }

    private static string Configuration(IReadOnlyDictionary<string, string[]> targets, string alertmanager)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read("deploy", "prometheus", "prometheus.yml")));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        root.Children["global"] = new YamlMappingNode(
            "scrape_interval", "1s", "scrape_timeout", "1s", "evaluation_interval", "1s");
        root.Children["rule_files"] = new YamlSequenceNode("rules/*.yml");
        root.Children["alerting"] = new YamlMappingNode("alertmanagers", new YamlSequenceNode(
            new YamlMappingNode("static_configs", Static([alertmanager], null))));
        var jobs = ((YamlSequenceNode)root.Children["scrape_configs"]).Cast<YamlMappingNode>().ToList();
        Assert.Equal(targets.Keys.Order(), jobs.Select(job => $"{job["job_name"]}").Order());
        foreach (var job in jobs)
        {
            var shipped = (YamlMappingNode)((YamlSequenceNode)job["static_configs"])[0];
            job.Children["static_configs"] = Static(
                targets[$"{job["job_name"]}"], shipped.Children.TryGetValue("labels", out var labels) ? labels : null);
        }

        using var text = new StringWriter(CultureInfo.InvariantCulture);
        yaml.Save(text, assignAnchors: false);
        return text.ToString();
    }

    private static YamlSequenceNode Static(string[] targets, YamlNode? labels)
    {
        var config = new YamlMappingNode("targets", new YamlSequenceNode(targets.Select(target => new YamlScalarNode(target))));
        if (labels is not null)
        {
            config.Add("labels", labels);
        }

        return new YamlSequenceNode(config);
    }

    private static string Shorter(Match found, TimeSpan min)
    {
        var number = int.Parse(found.Groups["number"].Value, CultureInfo.InvariantCulture);
        var time = found.Groups["unit"].Value switch
        {
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => TimeSpan.FromDays(number),
        } / Faster;
        return string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Max(time.TotalMilliseconds, min.TotalMilliseconds)}ms");
    }

    [GeneratedRegex(@"(?<before>\[|\boffset )(?<number>\d+)(?<unit>[smhd])\b")]
    private static partial Regex RangeOrOffset();

    [GeneratedRegex(@"(?<before>\b(for|interval): )(?<number>\d+)(?<unit>[smhd])\b")]
    private static partial Regex ForOrInterval();
}

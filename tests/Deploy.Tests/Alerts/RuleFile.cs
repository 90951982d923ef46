using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Gatehouse.Deploy.Tests.Alerts;

/// <summary>A file of rules for Prometheus.</summary>
internal sealed class RuleFile
{
    private static readonly IDeserializer Yaml = new DeserializerBuilder()
        .WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build();

    public List<RuleGroup> Groups { get; set; } = [];

    public static IEnumerable<string> Paths(string folder) =>
        Directory.EnumerateFiles(Repository.PathOf("deploy", "prometheus", folder), "*.yml").Order();

    /// <summary>All rules of all files, each with where it stands.</summary>
    public static IReadOnlyList<Rule> AllRules { get; } =
    [
        .. from path in Paths("rules")
           let name = Path.GetFileNameWithoutExtension(path)
           from @group in Read<RuleFile>(path).Groups
           from rule in @group.Rules
           select rule.In(name, @group.Name),
    ];

    public static IReadOnlyList<Rule> Alerts { get; } = [.. AllRules.Where(rule => rule.Alert is not null)];

    public static T Read<T>(string path) => Yaml.Deserialize<T>(File.ReadAllText(path));
}

internal sealed class RuleGroup
{
    public string Name { get; set; } = "";

    public List<Rule> Rules { get; set; } = [];
}

/// <summary>Records a series, or raises an alert.</summary>
internal sealed class Rule
{
    public string? Record { get; set; }

    public string? Alert { get; set; }

    public string Expr { get; set; } = "";

    public string For { get; set; } = "0s";

    public Dictionary<string, string> Labels { get; set; } = [];

    public Dictionary<string, string> Annotations { get; set; } = [];

    [YamlIgnore]
    public string File { get; private set; } = "";

    [YamlIgnore]
    public string Group { get; private set; } = "";

    public Rule In(string file, string group)
    {
        (File, Group) = (file, group);
        return this;
    }
}

/// <summary>A file of tests for rules, as far as it is counted here.</summary>
internal sealed class RuleTestFile
{
    public List<RuleTestGroup> Tests { get; set; } = [];
}

internal sealed class RuleTestGroup
{
    public List<AlertCase> AlertRuleTest { get; set; } = [];
}

internal sealed class AlertCase
{
    public string Alertname { get; set; } = "";

    public List<object> ExpAlerts { get; set; } = [];
}

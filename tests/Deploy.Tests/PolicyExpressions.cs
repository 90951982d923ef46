using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Deploy.Tests.Alerts;

namespace Gatehouse.Deploy.Tests;

/// <summary>The expressions of deploy/terraform.</summary>
internal static partial class PolicyExpressions
{
    private const string Folder = "deploy/terraform";

    /// <summary>
    /// What its policies take from the rules, as modules/alert-definitions makes it: the expression of a recorded name in the
    /// place of the name. And what a policy says itself.
    /// </summary>
    public static async Task<IReadOnlyList<DeployedExpression>> AllAsync() =>
    [
        .. from rule in RuleFile.Alerts
           where rule.Labels.GetValueOrDefault("severity") is "page" or "ticket"
           select new DeployedExpression(Folder, $"policy {rule.Alert}", Recorded().Replace(rule.Expr, name => Of(name.Value))),
        .. await LiteralsAsync(),
    ];

    private static string Of(string recorded) =>
        $"({RuleFile.AllRules.Single(rule => rule.Record == recorded).Expr.Trim()})";

    private static async Task<IReadOnlyList<DeployedExpression>> LiteralsAsync()
    {
        var texts = Directory.EnumerateFiles(Repository.PathOf(Folder), "*.tf", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(Repository.Root, path), File.ReadAllText);
        var answers = JsonNode.Parse(await Tool.NodeAsync("hcl.mjs", JsonSerializer.Serialize(texts)))!.AsObject();
        var queries =
            from answer in answers
            from query in Queries(answer.Value)
            select new DeployedExpression(answer.Key, "query", query);
        var all = queries.ToList();
        Assert.NotEmpty(all);
        return [.. all.Where(query => !Reference().IsMatch(query.Text))];
    }

    private static IEnumerable<string> Queries(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field =>
            field is { Key: "query", Value: JsonValue text } ? [text.ToString()] : Queries(field.Value)),
        JsonArray items => items.SelectMany(Queries),
        _ => [],
    };

    [GeneratedRegex("gatehouse:[a-z0-9_:]+")]
    private static partial Regex Recorded();

    /// <summary>The whole of it comes from somewhere else in the configuration.</summary>
    [GeneratedRegex(@"^\$\{[^}]*\}$")]
    private static partial Regex Reference();
}

using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Docker;

/// <summary>One stage of a Dockerfile: its instructions, after those of the stage that it begins with.</summary>
internal sealed record Stage(string Name, string From, IReadOnlyList<(string Word, string Text)> Instructions)
{
    public IReadOnlyList<int> Ports => [.. All("EXPOSE").SelectMany(text => text.Split(' ')).Select(int.Parse)];

    public IEnumerable<string> All(string word) =>
        Instructions.Where(instruction => instruction.Word == word).Select(instruction => instruction.Text);

    public string Last(string word) => All(word).LastOrDefault() ?? "";
}

/// <summary>A Dockerfile, read as far as its checks need it.</summary>
internal sealed partial class Dockerfile
{
    private readonly List<Stage> _stages = [];

    private Dockerfile(string text)
    {
        var arguments = new Dictionary<string, string>();
        foreach (var (word, raw) in Read(text))
        {
            var line = arguments.Aggregate(
                raw, (known, one) => known.Replace($"${{{one.Key}}}", one.Value, StringComparison.Ordinal));
            if (word == "ARG" && _stages.Count == 0)
            {
                var name = line.Split('=', 2);
                arguments[name[0]] = name[1];
            }
            else if (word == "FROM")
            {
                var (from, name) = (From().Match(line).Groups["from"].Value, From().Match(line).Groups["name"].Value);
                var before = _stages.SingleOrDefault(stage => stage.Name == from);
                _stages.Add(new Stage(name, before?.From ?? from, before?.Instructions ?? []));
            }
            else
            {
                _stages[^1] = _stages[^1] with { Instructions = [.. _stages[^1].Instructions, (word, line)] };
            }
        }
    }

    public static Dockerfile Shipped { get; } = new(Repository.Read("deploy", "docker", "Dockerfile"));

    public IReadOnlyList<Stage> Stages => _stages;

    /// <summary>The user of both images, <c>uid:gid</c>.</summary>
    public string User => Stage("api").Last("USER");

    public Stage Stage(string name) => _stages.Single(stage => stage.Name == name);

    private static IEnumerable<(string Word, string Text)> Read(string text) =>
        from line in Continued().Replace(text, " ")
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        where line[0] != '#'
        let parts = line.Split(' ', 2)
        select (parts[0], parts[1].Trim());

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"^(--platform=\S+ )?(?<from>\S+) AS (?<name>\S+)$")]
    private static partial Regex From();
}

using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Cli.Doctor;
using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests;

/// <summary>docs/cli.md is true of the commands, and what doctor knows is true of the rest of the repository.</summary>
public partial class DocumentTests
{
    private static readonly string Root = typeof(DocumentTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    private static readonly string[] SettingsGuides =
        ["docs/settings.md", "docs/operations/overload.md", "docs/operations/redis.md"];

    private static readonly string[] HostProjects = ["src/ApiHost", "src/Grains", "src/Silo"];

    private static readonly string Guide = File.ReadAllText(Path.Combine(Root, "docs", "cli.md"));

    [Fact]
    public void Commands_AreAllInTheGuide_AndNoOthers()
    {
        var leaves = CommandTree.All().Where(static one => one.Command.Subcommands.Count == 0).ToList();
        var documented = Heading().Matches(Guide).ToDictionary(static match => match.Groups[1].Value, static match =>
            Option().Matches(match.Groups[2].Value).Select(static option => option.Value).Distinct().Order().ToList());

        Assert.Equal(leaves.Select(static leaf => leaf.Path).Order(), documented.Keys.Order());
        foreach (var (path, command) in leaves)
        {
            var shared = new[] { "--url", "--key-file", "--timeout", "--json", "--idempotency-key", "--yes" };
            var options = command.Options.Select(static option => option.Name).Except(shared).Order();
            Assert.Equal((path, string.Join(' ', options)), (path, string.Join(' ', documented[path].Except(shared))));
        }
    }

    [Fact]
    public void SharedOptions_AreInTheGuide() => Assert.All(
        CommandTree.All().SelectMany(static one => one.Command.Options.Select(static option => option.Name)).Distinct(),
        option => Assert.Contains($"`{option}", Guide, StringComparison.Ordinal));

    [Fact]
    public void Settings_ThatAreDocumented_AreKnownToDoctor()
    {
        var documented = SettingsGuides.SelectMany(static path =>
                Setting().Matches(File.ReadAllText(Path.Combine(Root, path))))
            .Select(static match => match.Groups[1].Value).Distinct()
            .Where(static name => !name.EndsWith(":*", StringComparison.Ordinal)).ToList();

        Assert.True(documented.Count > 50);
        // Some speak of a whole section.
        Assert.All(documented, static name => Assert.True(
            KnownSettings.IsKnown(name) || KnownSettings.IsKnown($"{name}:0")
                || KnownSettings.Names.Any(known => known.StartsWith($"{name}:", StringComparison.Ordinal)), name));
    }

    /// <summary>A part of the host whose settings doctor does not know would be called unknown by it.</summary>
    [Fact]
    public void Sections_ThatTheHostBinds_AreKnownToDoctor()
    {
        var bound = HostProjects.SelectMany(static project => Directory.EnumerateFiles(
                Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories))
            .SelectMany(static path => Bound().Matches(File.ReadAllText(path))).Select(static match => match.Groups[1].Value)
            .Distinct().ToList();

        Assert.True(bound.Count > 10);
        Assert.All(bound, static section => Assert.Contains(
            KnownSettings.Names, name => name.StartsWith($"{section}:", StringComparison.Ordinal)));
    }

    /// <summary>What each user is given by name, it is given because it is needed; and doctor asks for it.</summary>
    [Theory]
    [InlineData("membership", "users.acl")]
    [InlineData("state", "users.acl")]
    [InlineData("data", "users.acl")]
    [InlineData("global", "users-global.acl")]
    public void Permissions_OfTheShippedUsers_AreThoseThatDoctorAsksFor(string user, string file)
    {
        var role = Enum.Parse<RedisRole>(user, ignoreCase: true);
        var asked = RedisNeeds.Of(role, "local").Select(static one => one.Words).Select(static words =>
            words[0] == "SCRIPT" ? "script|load" : words[0].ToLowerInvariant()).ToHashSet();
        var line = File.ReadLines(Path.Combine(Root, "deploy/redis", file))
            .Single(line => line.StartsWith($"user gatehouse-{user} ", StringComparison.Ordinal));
        var given = line.Split(' ').Where(static word => word[0] == '+' && word[1] != '@').Select(static word => word[1..])
            // What the client asks to learn what kind of server it talks to, and does without.
            .Where(static command => !command.StartsWith("cluster|", StringComparison.Ordinal));

        Assert.Empty(given.Except(asked));
    }

    [Fact]
    public void Commands_OfTheScripts_AreThoseThatDoctorAsksFor()
    {
        var called = Directory.EnumerateFiles(Path.Combine(Root, "src/Grains"), "*.lua", SearchOption.AllDirectories)
            .SelectMany(static path => Called().Matches(File.ReadAllText(path))).Select(static match => match.Groups[1].Value)
            .Distinct().ToList();
        var asked = new[] { RedisRole.Data, RedisRole.Global }.SelectMany(static role => RedisNeeds.Of(role, "local"))
            .Select(static one => one.Words[0]).ToHashSet();

        Assert.True(called.Count > 10);
        Assert.Empty(called.Except(asked));
    }

    [GeneratedRegex(@"^### `(gatehouse [a-z ]+[a-z])[^`]*`\n(.*?)(?=^##|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Option();

    [GeneratedRegex(@"`(Gatehouse:[A-Za-z:*]+)`")]
    private static partial Regex Setting();

    [GeneratedRegex(@"BindConfiguration\(""([^""]+)""\)")]
    private static partial Regex Bound();

    [GeneratedRegex(@"redis\.call\('([A-Z]+)'")]
    private static partial Regex Called();
}

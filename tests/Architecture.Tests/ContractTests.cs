using System.Reflection;
using Orleans;

namespace Gatehouse.Architecture.Tests;

/// <summary>What is sent between processes or stored has names of its own, not the names of this code.</summary>
public class ContractTests
{
    private static readonly string[] Assemblies = ["Gatehouse.Grains.Abstractions", "Gatehouse.Grains"];

    public static TheoryData<string> Contracts { get; } = new(Types().Select(type => type.FullName!));

    [Theory]
    [MemberData(nameof(Contracts))]
    public void Contract_HasAnAlias(string name)
    {
        var type = Types().Single(t => t.FullName == name);
        Assert.NotNull(type.GetCustomAttribute<AliasAttribute>());
    }

    [Fact]
    public void Aliases_AreUnique()
    {
        var aliases = Types().Select(type => type.GetCustomAttribute<AliasAttribute>()?.Alias).ToList();
        Assert.Equal(aliases.Count, aliases.Distinct().Count());
    }

    [Theory]
    [InlineData("src/Grains.Abstractions")]
    [InlineData("src/Grains")]
    public void Snapshot_IsCheckedIn(string project) =>
        Assert.NotEmpty(File.ReadAllText(Path.Combine(SourceTree.Root, project, "OrleansContracts.txt")));

    [Fact]
    public void Scripts_SayWhatTheyTakeAndAnswer()
    {
        var scripts = Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.lua", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, path =>
        {
            var header = string.Concat(
                File.ReadLines(path).TakeWhile(line => line.StartsWith("--", StringComparison.Ordinal)));
            Assert.Contains("KEYS[1]", header, StringComparison.Ordinal);
            Assert.Contains("answers", header, StringComparison.Ordinal);
        });
    }

    private static IEnumerable<Type> Types() => Assemblies
        .Select(Assembly.Load)
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null
            || (type.IsInterface && type.IsAssignableTo(typeof(IGrain))));
}

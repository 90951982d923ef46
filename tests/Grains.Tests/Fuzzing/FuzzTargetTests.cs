using System.Text;
using System.Text.Json;
using Gatehouse.Fuzzing;

namespace Gatehouse.Grains.Tests.Fuzzing;

/// <summary>The fuzzer finds a reader that is broken: else it proves nothing of those in which it finds nothing.</summary>
public class FuzzTargetTests
{
    private static readonly FuzzTarget[] Broken =
    [
        FuzzTarget.Of("reads beyond the end", ["1:2:3"], static text => Assert.NotNull(text.Split(':')[2])),
        FuzzTarget.Of("takes a null for a text", ["""{"a":{"b":"c"}}"""], static text =>
            Assert.True(JsonSerializer.Deserialize<Outer>(text, JsonSerializerOptions.Web)!.A.B.Length >= 0),
            static failure => failure is JsonException),
        FuzzTarget.Of("refuses otherwise than it says", ["7"], static text => int.Parse(text),
            static failure => failure is FormatException),
        FuzzTarget.Of("forgets what it read", ["a-b"], static text => Assert.Equal(text, text.TrimEnd('-', '\n', ' '))),
    ];

    public static TheoryData<string> Names { get; } = [.. Broken.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void BrokenReader_IsFound_AndItsSeedTold(string name)
    {
        var target = Broken.Single(one => one.Name == name) with { Time = TimeSpan.FromSeconds(10) };

        var found = Assert.ThrowsAny<Exception>(() => FuzzRun.Read(target));

        Assert.Contains("GATEHOUSE_FUZZ_SEED=", found.Message, StringComparison.Ordinal);
    }

    /// <summary>A seed is an input: what it found is found again.</summary>
    [Fact]
    public void Seed_MakesTheSameAgain()
    {
        var sample = Encoding.UTF8.GetBytes("""{"a":[1,"b",null]}""");

        Assert.All(Enumerable.Range(0, 200), seed =>
            Assert.Equal(Mutation.Of(new Random(seed), sample), Mutation.Of(new Random(seed), sample)));
    }

    private sealed record Inner(string B);

    private sealed record Outer(Inner A);
}

using System.Globalization;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>One round of a scenario.</summary>
/// <param name="Seed">Chooses victims, moments, subjects and paces; threads and timers run as they like.</param>
/// <param name="Number">Which round of the test it is, from 1.</param>
/// <param name="Log">Where the report goes.</param>
internal sealed record ChaosRound(int Seed, int Number, ITestOutputHelper Log)
{
    public Random Random { get; } = new(Seed);

    /// <summary>A time between the two, in seconds.</summary>
    public TimeSpan Between(double min, double max) =>
        TimeSpan.FromSeconds(min + (Random.NextDouble() * (max - min)));
}

/// <summary>How often a scenario is played: once, or again and again with new seeds. See docs/testing.md.</summary>
internal static class ChaosRounds
{
    public const string DurationName = "GATEHOUSE_CHAOS_DURATION";
    private const string SeedName = "GATEHOUSE_CHAOS_SEED";

    private static int _played;

    /// <summary>How many rounds this process has played to their end.</summary>
    public static int Played => _played;

    public static async Task PlayAsync(ITestOutputHelper log, Func<ChaosRound, Task> play)
    {
        var duration = Setting(DurationName) is { } text
            ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
            : TimeSpan.Zero;
        var start = TimeProvider.System.GetTimestamp();
        var seed = Setting(SeedName) is { } first
            ? int.Parse(first, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        for (var number = 1; number == 1 || TimeProvider.System.GetElapsedTime(start) < duration; number++)
        {
            log.WriteLine($"round {number}, {SeedName}={seed}");
            await play(new ChaosRound(seed, number, log));
            Interlocked.Increment(ref _played);
            seed = new Random(seed).Next();
        }
    }

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
}

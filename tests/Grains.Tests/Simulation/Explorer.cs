using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>Plays cases, and makes one that fails as small as it gets. See docs/testing.md.</summary>
internal sealed class Explorer(Func<SimulationCase, World> create)
{
    private const string DurationName = "GATEHOUSE_SIMULATION_DURATION";

    /// <summary>What one case breaks; null: nothing.</summary>
    public string? Play(SimulationCase simulated)
    {
        using var world = create(simulated);
        return world.Play();
    }

    /// <summary>
    /// The first seeds, always the same ones; then new ones, for as long as the environment asks for.
    /// </summary>
    public void Explore(int seeds, ITestOutputHelper log)
    {
        var started = Stopwatch.GetTimestamp();
        var duration = Environment.GetEnvironmentVariable(DurationName) is { Length: > 0 } text
            ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
            : TimeSpan.Zero;
        var (played, answered) = (0, 0L);
        var further = Random.Shared;
        for (; played < seeds || Stopwatch.GetElapsedTime(started) < duration; played++)
        {
            var simulated = SimulationCase.Of(played < seeds ? played : further.Next());
            using var world = create(simulated);
            if (world.Play() is not null)
            {
                Assert.Fail(Report(simulated));
            }

            answered += world.Answered;
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        log.WriteLine($"{played} seeds, {answered} answers, {played / elapsed.TotalMinutes:F0} seeds a minute");
        Assert.True(answered > played, "Hardly anything was answered.");
    }

    /// <summary>The first seed that breaks something; null: none of so many does.</summary>
    public (SimulationCase Case, string Broken)? Find(int seeds)
    {
        for (var seed = 0; seed < seeds; seed++)
        {
            if (Play(SimulationCase.Of(seed)) is { } broken)
            {
                return (SimulationCase.Of(seed), broken);
            }
        }

        return null;
    }

    private string Report(SimulationCase found)
    {
        var smallest = Shrink(found);
        return $"{Play(smallest)}{Environment.NewLine}{smallest.Line}";
    }

    /// <summary>Fewer kinds of faults first, then fewer steps; again until neither helps.</summary>
    public SimulationCase Shrink(SimulationCase failing)
    {
        while (true)
        {
            var before = failing;
            foreach (var kind in Enum.GetValues<Faults>().Where(kind => int.PopCount((int)kind) == 1))
            {
                failing = Smaller(failing, failing with { Faults = failing.Faults & ~kind });
            }

            for (var cut = failing.Steps / 2; cut > 0; cut /= 2)
            {
                failing = Smaller(failing, failing with { Steps = Math.Max(0, failing.Steps - cut) });
            }

            if (failing == before)
            {
                return failing;
            }
        }
    }

    private SimulationCase Smaller(SimulationCase failing, SimulationCase candidate) =>
        candidate != failing && Play(candidate) is not null ? candidate : failing;
}

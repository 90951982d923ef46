using Gatehouse.Benchmarks.Scale;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>
/// One run of one case: silos, a store, and calls, in a virtual time that one seed decides. Safety first: faults, and
/// what must hold whatever happens. Then liveness: the faults stop, and all must be well within a bound.
/// </summary>
internal abstract class World(SimulationCase simulated) : IDisposable
{
    private readonly SimulatedMeters _meters = new();

    public string? Broken { get; private set; }

    /// <summary>How many calls were answered: a world in which nothing happens proves nothing.</summary>
    public int Answered { get; protected set; }

    /// <summary>When, in its own time.</summary>
    public long EndedAt => Time.NowTicks;

    protected SimulationCase Case { get; } = simulated;

    protected Random Random { get; } = new(simulated.Seed);

    protected VirtualTime Time { get; } = new(new Random(~simulated.Seed));

    protected SimulatedNetwork Network => field ??= new SimulatedNetwork(Time, Random, Case.Faults);

    protected SimulatedMeters Meters => _meters;

    /// <summary>How long until the next step, at most.</summary>
    protected abstract TimeSpan PauseMax { get; }

    /// <summary>What is broken; null: nothing is.</summary>
    public string? Play()
    {
        Time.RunFor(Start());
        for (var step = 0; step < Case.Steps && Broken is null; step++)
        {
            Time.In(0, Step);
            // Mostly close together, now and then far apart.
            var pause = Random.NextDouble() * Random.NextDouble() * Random.NextDouble();
            Time.RunFor(PauseMax * pause);
        }

        Network.Heal();
        Heal();
        Converge();
        return Broken;
    }

    public void Dispose() => _meters.Dispose();

    /// <summary>Sets the world up. Answers how long that takes.</summary>
    protected abstract TimeSpan Start();

    /// <summary>One call, or one fault.</summary>
    protected abstract void Step();

    /// <summary>Ends what is only there because of a fault.</summary>
    protected abstract void Heal();

    /// <summary>Looks at what must hold once the faults have stopped.</summary>
    protected abstract void Converge();

    protected SimulatedSilo NewSilo() =>
        new(Time, Has(Faults.Skew) ? TimeSpan.FromSeconds((Random.NextDouble() * 6) - 3) : TimeSpan.Zero);

    protected bool Has(Faults kind) => (Case.Faults & kind) != 0;

    protected void Break(string promise) =>
        Broken ??= $"{TimeSpan.FromTicks(Time.NowTicks - VirtualTime.Start)}: {promise}";

    /// <summary>Somebody's own doing, beside everybody else's. What it does not expect is a fault of its own.</summary>
    protected async void Run(Func<Task> doing)
    {
        try
        {
            await doing();
        }
#pragma warning disable CA1031 // Lost with its task it would be taken for silence.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            Break($"nobody may see this: {unexpected}");
        }
    }

    /// <summary>Runs until that is done; null: it was not, within that time.</summary>
    protected T? Await<T>(TimeSpan limit, Func<Task<T>> doing) where T : class?
    {
        T? result = null;
        Time.In(0, () => Run(async () => result = await doing()));
        for (var waited = TimeSpan.Zero; waited < limit && result is null && Broken is null; waited += limit / 100)
        {
            Time.RunFor(limit / 100);
        }

        return result;
    }
}

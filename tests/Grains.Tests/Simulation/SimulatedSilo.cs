using Gatehouse.Benchmarks.Scale;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>A process: what it keeps in memory, its clock and its connection end together.</summary>
internal sealed class SimulatedSilo
{
    private readonly VirtualTime _time;

    public SimulatedSilo(VirtualTime time, TimeSpan skew)
    {
        _time = time;
        // No timer of a process that has crashed comes to its end, and none of one that stands still before it goes on.
        Time = new SiloTime(new RegionTime(time, skew), InTurn);
    }

    public TimeProvider Time { get; }

    public bool HasCrashed { get; private set; }

    /// <summary>When it goes on, or has gone on last.</summary>
    public long StandsStillUntil { get; private set; } = long.MinValue;

    /// <summary>When the last command that it sent comes to the store: one connection keeps the order.</summary>
    public long ConnectionBusyUntil { get; set; }

    public void Crash() => HasCrashed = true;

    /// <summary>Until when its connection, which nobody served meanwhile, is made anew.</summary>
    public long IsCutOffUntil { get; private set; } = long.MinValue;

    public void StandStill(TimeSpan duration, TimeSpan cutOff)
    {
        StandsStillUntil = _time.NowTicks + duration.Ticks;
        IsCutOffUntil = StandsStillUntil + cutOff.Ticks;
    }

    /// <summary>Until it does not stand still.</summary>
    public Task GoesOnAsync()
    {
        var goesOn = new TaskCompletionSource();
        InTurn(goesOn.SetResult);
        return goesOn.Task;
    }

    /// <summary>Does something in this process: now, or when it goes on.</summary>
    public void InTurn(Action action)
    {
        if (HasCrashed)
        {
            return;
        }

        if (_time.NowTicks < StandsStillUntil)
        {
            _time.In(StandsStillUntil - _time.NowTicks, () => InTurn(action));
            return;
        }

        action();
    }
}

using Gatehouse.Benchmarks.Scale;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>A process: what it keeps in memory, its clock and its connection end together.</summary>
internal sealed class SimulatedSilo
{
    public SimulatedSilo(VirtualTime time, TimeSpan skew)
    {
        // No timer of a process that has crashed comes to its end.
        Time = new SiloTime(new RegionTime(time, skew), () => HasCrashed);
    }

    public TimeProvider Time { get; }

    public bool HasCrashed { get; private set; }

    /// <summary>When the last command that it sent comes to the store: one connection keeps the order.</summary>
    public long ConnectionBusyUntil { get; set; }

    public void Crash() => HasCrashed = true;
}

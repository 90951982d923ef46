using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.RateLimiting.Load;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>What docs/guarantees.md lets each kind of fault cost. Nothing here is not published there.</summary>
internal static class PromisedCosts
{
    /// <summary>A process that holds subjects is gone without a word.</summary>
    public static readonly Fault Crash = new("SIGKILL", default, default)
    {
        ChunksOver = 1,
        ChunksUnder = 2,
        UnitsUnder = LoadPolicies.CostMax,
        Moves = true,
        RecoveryMax = TimeSpan.FromSeconds(10),
    };

    /// <summary>A process is silent until it is declared dead.</summary>
    public static readonly Fault Pause = Crash with { Name = "SIGSTOP", RecoveryMax = TimeSpan.FromSeconds(5) };

    /// <summary>It is back, with subjects that live elsewhere by now, until it ends itself.</summary>
    public static readonly Fault Zombie = Pause with { Name = "SIGCONT", Revives = true };

    /// <summary>
    /// A process leaves in order. A subject whose entry it kept may be called elsewhere while it still closes: its
    /// successor then finds its reservation.
    /// </summary>
    public static readonly Fault Leave = new("SIGTERM", default, default)
    {
        ChunksUnder = 2,
        HandsOver = true,
        RecoveryMax = TimeSpan.FromSeconds(3),
    };

    /// <summary>A process comes.</summary>
    public static readonly Fault Join = Leave with { Name = "start", ChunksUnder = 0 };

    /// <summary>The first processes come: clients look for them every five seconds.</summary>
    public static readonly Fault JoinAll = Join with { RecoveryMax = TimeSpan.FromSeconds(10) };

    /// <summary>The regional store does not answer; nothing crashes.</summary>
    public static readonly Fault StoreAway = new("store away", default, default)
    {
        HidesTheStore = true,
        RecoveryMax = TimeSpan.FromSeconds(2),
    };

    /// <summary>
    /// A replica takes over that lacks what was acknowledged for a while. Subjects tell it again what it has lost, but not
    /// what it did not hear that they gave back.
    /// </summary>
    public static readonly Fault FailOver = StoreAway with
    {
        Name = "failover",
        ChunksUnder = 2,
        UnitsUnder = LoadPolicies.CostMax,
        Moves = true,
    };

    /// <summary>An API host has no state: only its own callers notice, until they find another.</summary>
    public static readonly Fault HostAway = new("replaced", default, default) { RecoveryMax = TimeSpan.FromSeconds(2) };

    /// <summary>Nothing is archived and signed; appends go on.</summary>
    public static readonly Fault ArchiveAway =
        new("archive away", default, default) { RecoveryMax = TimeSpan.FromSeconds(2) };

    /// <summary>A region does not reach the global store; its clients find the way back within seconds.</summary>
    public static readonly Fault CutOff = new("cut off", default, default)
    {
        CutsOff = true,
        RecoveryMax = TimeSpan.FromSeconds(5),
    };
}

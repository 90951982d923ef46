namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>Something that was done to the system, and what the published bounds let it cost.</summary>
/// <param name="Name">For the report: "SIGKILL silo-2".</param>
/// <param name="From">Not later than its first effect.</param>
/// <param name="To">Not earlier than its last one: the process is gone, answers again, or has been replaced.</param>
internal sealed record Fault(string Name, TimeSpan From, TimeSpan To)
{
    /// <summary>The region that it happened to; null: all.</summary>
    public string? Region { get; init; }

    /// <summary>How many chunks any one subject may be admitted too much, in an interval that holds the fault.</summary>
    public int ChunksOver { get; init; }

    /// <summary>How many chunks any one subject may lack, until they leave the window.</summary>
    public int ChunksUnder { get; init; }

    /// <summary>The cost of a call that was under way: it may be counted and yet not answered.</summary>
    public int UnitsUnder { get; init; }

    /// <summary>Whether subjects can lose their place: counts may then stay as long as a reservation does.</summary>
    public bool Moves { get; init; }

    /// <summary>Whether subjects can leave their place in order, with their exact counts.</summary>
    public bool HandsOver { get; init; }

    /// <summary>Whether it brings back a process, with calls in it that their callers gave up long ago.</summary>
    public bool Revives { get; init; }

    /// <summary>Whether what the store knows may be out of reach: answers may say degraded, or cold.</summary>
    public bool HidesTheStore { get; init; }

    /// <summary>Whether the region cannot reach the global store.</summary>
    public bool CutsOff { get; init; }

    /// <summary>How long after the fault calls may still end as overloaded, or without an answer.</summary>
    public TimeSpan RecoveryMax { get; init; }

    public bool Touches(TimeSpan from, TimeSpan to) => From <= to && To >= from;

    public bool IsOf(string? region) => Region is null || region is null || Region == region;
}

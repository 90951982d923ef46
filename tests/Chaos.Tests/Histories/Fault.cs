namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>Something that was done to the system, and what the published bounds let it cost.</summary>
/// <param name="Name">For the report: "SIGKILL silo-2".</param>
/// <param name="From">Not later than its first effect.</param>
/// <param name="To">Not earlier than its last one: the process is gone, answers again, or has been replaced.</param>
internal sealed record Fault(string Name, TimeSpan From, TimeSpan To)
{
    /// <summary>How many chunks any one subject may be admitted too much, in an interval that holds the fault.</summary>
    public int ChunksOver { get; init; }

    /// <summary>How many chunks any one subject may lack, until they leave the window.</summary>
    public int ChunksUnder { get; init; }

    /// <summary>Whether subjects can change their place: counts may then stay as long as a reservation does.</summary>
    public bool Moves { get; init; }

    /// <summary>Whether what the store knows may be out of reach: answers may say degraded, or cold.</summary>
    public bool HidesTheStore { get; init; }

    /// <summary>How long after the fault calls may still end as overloaded, or without an answer.</summary>
    public TimeSpan RecoveryMax { get; init; }

    public bool Touches(TimeSpan from, TimeSpan to) => From <= to && To >= from;
}

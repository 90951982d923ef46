namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>A policy as its caller knows it, and the units in which its bounds are published.</summary>
internal sealed record Limit(string Policy, ILimitLaw Law, int Units, TimeSpan Window)
{
    /// <summary>What one crash may cost at most: the size of a reservation.</summary>
    public int Chunk => Math.Max(1, Units / 10);

    /// <summary>A reservation is valid for a span and counts as if it were spent at its end.</summary>
    public TimeSpan Span => Window / 6;

    /// <summary>All regions together; null: each region limits for itself.</summary>
    public int? GlobalUnits { get; init; }

    /// <summary>How old what a region knows of the others may be. Global limits only.</summary>
    public TimeSpan KnowledgeAgeMax { get; init; }

    /// <summary>
    /// How far two readings of the region's clock, a window apart, may be off: it counts whole milliseconds and is
    /// corrected by one in a thousand.
    /// </summary>
    public TimeSpan ClockError { get; init; } = (Window / 1000) + TimeSpan.FromMilliseconds(2);
}

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

    /// <summary>How many regions share it.</summary>
    public int Regions { get; init; } = 1;

    /// <summary>What each region may use without telling the others, who leave it that much. Global limits only.</summary>
    public long FreeShare => Regions > 1 && GlobalUnits is { } units ? (units - Units) / (Regions - 1) : 0;

    /// <summary>What a region may use that is cut off, and what the others leave one that is silent.</summary>
    public long CutOffShare => Regions > 1 && GlobalUnits is { } units ? Math.Max(FreeShare, units / Regions) : 0;

    /// <summary>How old what a region knows of the others may be. Global limits only.</summary>
    public TimeSpan KnowledgeAgeMax { get; init; }

    /// <summary>
    /// How far two readings of the region's clock, a window apart, may be off: it counts whole milliseconds and is
    /// corrected by one in a thousand.
    /// </summary>
    public TimeSpan ClockError { get; init; } = (Window / 1000) + TimeSpan.FromMilliseconds(2);
}

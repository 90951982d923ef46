using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;

namespace Gatehouse.Benchmarks.Scale;

/// <summary>One row of a table: how a subject is limited and called, and what goes wrong meanwhile.</summary>
internal sealed record ScaleCase
{
    public const int Regions = 50;
    public const int HotSubjects = 10_000;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Whoever uses up all there is does so twice in this time: a unit counts for a little more than a window.
    public static readonly TimeSpan Duration = 2 * Window;

    public required long Limit { get; init; }

    /// <summary>Calls that a subject gets in one window, all regions together, as a multiple of the limit.</summary>
    public required double Load { get; init; }

    /// <summary>In how many of the regions a subject is called.</summary>
    public int CalledIn { get; init; } = 1;

    /// <summary>Each region limits for itself.</summary>
    public bool IsRegional { get; init; }

    public decimal Multiplier { get; init; } = 2;

    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The share of messages to a store, or of its answers, that never arrive.</summary>
    public double Loss { get; init; }

    /// <summary>How often the silo of a subject crashes in each region, all run long, with a reservation under way.</summary>
    public int Crashes { get; init; }

    /// <summary>Off: no region knows that there are others, which is what the check must find.</summary>
    public bool KnowsOthers { get; init; } = true;

    /// <summary>Subjects that are played; they are independent of each other.</summary>
    public required int Samples { get; init; }

    public long Chunk => Ceiling.Chunk(Limit);

    public GlobalShare Share => GlobalShare.Of(Limit, Multiplier, Regions);

    /// <summary>What the regions that call could admit in one window if no other withheld anything.</summary>
    public long Usable => IsRegional ? Limit : Math.Min(Limit * CalledIn, Share.Limit);
}

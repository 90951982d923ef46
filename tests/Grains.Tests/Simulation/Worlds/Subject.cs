using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>One activation of the subject.</summary>
internal sealed record Subject(GrainHost Host, RateLimitGrain Grain, ActivationLife Life)
{
    public Task Tail { get; set; } = Task.CompletedTask;

    /// <summary>Until then its silo may have been declared dead, and not know it.</summary>
    public long InDoubtUntil { get; set; }

    /// <summary>What the runtime carries from one silo to the other.</summary>
    public static void Move(RateLimitGrain from, RateLimitGrain to)
    {
        object? carried = null;
        from.OnDehydrate(StandIn.Of<IDehydrationContext>((_, arguments) => (carried = arguments[1]) is not null));
        to.OnRehydrate(StandIn.Of<IRehydrationContext>((_, arguments) => (arguments[1] = carried) is not null));
    }
}

/// <summary>What a call was told.</summary>
internal sealed record Answer(RateLimitDecision Decision)
{
    public bool Allowed => Decision.Allowed;

    public bool Degraded => Decision.Degraded;

    public bool Cold => Decision.Cold;

    public long Remaining => Decision.Remaining;
}

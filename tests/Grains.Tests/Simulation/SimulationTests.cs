using Gatehouse.Grains.Tests.Simulation.Worlds;

namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>Whatever goes wrong, in whatever order: what docs/guarantees.md promises. See docs/testing.md.</summary>
public class SimulationTests(ITestOutputHelper log)
{
    private static readonly Explorer RateLimits = new(simulated => new RateWorld(simulated));
    private static readonly Explorer AuditChains = new(simulated => new AuditWorld(simulated));
    private static readonly Explorer IdempotencyKeys = new(simulated => new IdempotencyWorld(simulated));
    private static readonly Explorer KeyRings = new(simulated => new KeyRingWorld(simulated));

    [Fact]
    public void RateLimit_WhateverGoesWrong_StaysWithinItsBound() => RateLimits.Explore(150, log);

    [Fact]
    public void AuditChain_WhateverGoesWrong_IsOneAndHoldsWhatItAcknowledged() => AuditChains.Explore(150, log);

    [Fact]
    public void IdempotencyKey_WhateverGoesWrong_StartsOnce() => IdempotencyKeys.Explore(250, log);

    [Fact]
    public void KeyRing_WhateverGoesWrong_SignsNothingWithARevokedKey() => KeyRings.Explore(100, log);

    // Cases that once failed, as the report gives them.
    [Theory]
    [InlineData(728184440, 28, Faults.LostCommand | Faults.Zombie)]
    [InlineData(17, 59, Faults.Outage | Faults.Crash | Faults.Zombie)]
    [InlineData(51, 24, Faults.Flush)]
    [InlineData(1934273166, 53, Faults.Zombie | Faults.Skew)]
    [InlineData(1575007283, 22, Faults.Delay | Faults.Restart)]
    [InlineData(1508875130, 25, Faults.Delay | Faults.Outage | Faults.Pause)]
    [InlineData(1059785025, 14, Faults.LostAnswer | Faults.Zombie | Faults.Flush)]
    [InlineData(2028527691, 60, Faults.Delay | Faults.Outage | Faults.Crash | Faults.Restart | Faults.Pause)]
    public void RateLimit_OfACaseThatFailed_Holds(int seed, int steps, object faults) =>
        Assert.Equal("", RateLimits.Play(new SimulationCase(seed, steps, (Faults)faults)) ?? "");

    [Theory]
    [InlineData(0, 47, Faults.None)]
    [InlineData(15, 52, Faults.LostCommand)]
    public void KeyRing_OfACaseThatFailed_Holds(int seed, int steps, object faults) =>
        Assert.Equal("", KeyRings.Play(new SimulationCase(seed, steps, (Faults)faults)) ?? "");

    /// <summary>One seed gives one run, to the last answer.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(13)]
    public void Run_OfOneSeed_IsAlwaysTheSame(int seed)
    {
        Func<SimulationCase, World>[] worlds =
        [
            simulated => new RateWorld(simulated), simulated => new AuditWorld(simulated),
            simulated => new IdempotencyWorld(simulated), simulated => new KeyRingWorld(simulated),
        ];
        Assert.All(worlds, create => Assert.Equal(Trace(create), Trace(create)));

        (string?, int, long) Trace(Func<SimulationCase, World> create)
        {
            using var world = create(SimulationCase.Of(seed));
            return (world.Play(), world.Answered, world.EndedAt);
        }
    }
}

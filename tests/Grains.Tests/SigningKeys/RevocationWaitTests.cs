using Gatehouse.Benchmarks.Scale;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Signing;
using Gatehouse.Grains.Tests.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>How a revocation waits for those who may still sign.</summary>
public class RevocationWaitTests
{
    // Found by the simulation: the rest of a millisecond was waited for by going round and round.
    [Fact]
    public void Wait_ForAStoreThatDoesNotKnow_SleepsUntilTheLeasesHaveRunOut()
    {
        using var meters = new SimulatedMeters();
        var time = new VirtualTime();
        var clock = new LookedAt(time);
        var store = StandIn.Of<IKeyRingStore>((_, _) => UnknownAsync(time));
        var wait = new RevocationWait(
            store, new SigningKeysMetrics(meters), clock, NullLogger<RevocationWait>.Instance);
        long? ended = null;

        time.In(0, async () =>
        {
            await wait.UntilNoOtherIsUsedAsync("t", KeyRingState.Empty);
            ended = time.NowTicks - VirtualTime.Start;
        });
        time.RunFor(TimeSpan.FromSeconds(6));

        Assert.InRange(ended ?? 0, TimeSpan.FromSeconds(5.25).Ticks, TimeSpan.FromSeconds(5.252).Ticks);
    }

    /// <summary>An answer takes a third of a millisecond: what is left to wait for is no whole number of them.</summary>
    private static async Task<int?> UnknownAsync(VirtualTime time)
    {
        var answer = new TaskCompletionSource<int?>();
        time.In(TimeSpan.TicksPerMillisecond / 3, () => answer.SetResult(null));
        return await answer.Task;
    }

    private sealed class LookedAt(VirtualTime time) : TimeProvider
    {
        private int _looks;

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => _looks++ < 100
            ? time.GetTimestamp()
            : throw new InvalidOperationException("It looks at the clock again and again.");

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}

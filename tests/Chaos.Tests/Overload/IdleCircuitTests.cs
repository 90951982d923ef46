using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Resilience;
using Gatehouse.Silo.Health;

namespace Gatehouse.Chaos.Tests.Overload;

/// <summary>A process that has no calls to make does not say for ever that its circuit to a store is open.</summary>
public class IdleCircuitTests
{
    private static readonly TimeSpan ClosedWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Circuit_OpenWithoutCalls_IsClosedByLooksOnceTheStoreIsBack()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var connection = await redis.ConnectAsync();
        using var guard = Guards.New(GuardedStores.Data);
        var check = new PingCheck("redis", CheckedConnection.Of("data", () => connection, guard));
        await redis.KillAsync();
        await Eventually.HoldsAsync(async () => await IsOpenedAsync(), ClosedWithin);

        Assert.Equal(CheckOutcome.Bad, (await check.LookAsync(CancellationToken.None)).Outcome);
        Assert.False(guard.IsClosed);

        await redis.StartAgainAsync();
        await Eventually.HoldsAsync(
            async () =>
            {
                await check.LookAsync(CancellationToken.None);
                return guard.IsClosed;
            },
            ClosedWithin);

        async Task<bool> IsOpenedAsync()
        {
            await Assert.ThrowsAsync<ServiceOverloadedException>(() => guard.RunAsync(
                CallKind.Read, connection.GetDatabase(), static database => database.PingAsync()));
            return !guard.IsClosed;
        }
    }
}

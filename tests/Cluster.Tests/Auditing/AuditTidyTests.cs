using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>
/// Segments leave the store while calls fail and others do the same: a chain that is sound stays open, and whole.
/// </summary>
public sealed class AuditTidyTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private const int CallsMax = 60;

    private static readonly ServiceOverloadedException Unknown = new("redis_timeout", Applied.Unknown);

    private readonly GatehouseCluster _cluster = fixture.Cluster;

    [Theory]
    [InlineData("store", false)]
    [InlineData("store", true)]
    [InlineData("archive", false)]
    [InlineData("archive", true)]
    public async Task Fault_AtAnyCallWhileSegmentsAreDropped_FreezesNothing(string which, bool isApplied)
    {
        var faults = which == "store" ? _cluster.Chains.Faults : _cluster.Archive.Faults;
        for (var call = 0; call < CallsMax; call += 3)
        {
            var chain = await FilledAsync();
            _cluster.Chains.BeforePublish = () =>
            {
                for (var i = 0; i < call; i++)
                {
                    faults.Enqueue(null);
                }

                faults.Enqueue((isApplied, Unknown));
                return Task.CompletedTask;
            };
            await UntilDoneAsync(() => chain.Grain.CheckpointAsync(9_000));
            await UntilDoneAsync(() => KeepUpAsync(chain));
            var isOver = faults.Count > 0;
            faults.Clear();
            await UntilDoneAsync(() => KeepUpAsync(chain));

            Assert.Null(chain.Stored.Frozen);
            Assert.Equal(8_192, chain.Stored.Dropped);
            chain.AssertOneChain();
            if (isOver)
            {
                return;
            }
        }

        Assert.Fail($"There are more than {CallsMax} calls.");
    }

    [Fact]
    public async Task Segment_ThatAnotherActivationDropped_IsNoDamage()
    {
        var chain = await FilledAsync();
        await chain.Grain.CheckpointAsync(9_000);
        await chain.Grain.KeepUpAsync();
        for (var i = 0; i < 5; i++)
        {
            await chain.AppendManyAsync($"more{i}-", 1_000);
        }

        // It takes the chain over and drops what was archived meanwhile.
        _cluster.Chains.BeforePublish = () =>
        {
            chain.Stored.Fence++;
            chain.Stored.Dropped = 12_288;
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => _cluster.DriveAsync(chain.Grain.CheckpointAsync(chain.Stored.End.Size)));

        await UntilDoneAsync(() => KeepUpAsync(chain));

        Assert.Null(chain.Stored.Frozen);
        Assert.Equal(AuditAppendOutcome.Recorded, (await chain.AppendUntilTakenAsync("next")).Outcome);
        chain.AssertOneChain();
    }

    private async Task<TestChain> FilledAsync()
    {
        var chain = new TestChain(_cluster);
        // So that both segments leave in one go.
        _cluster.Archive.IsDown = true;
        for (var i = 0; i < 9; i++)
        {
            await chain.AppendManyAsync($"s{i}-", 1_000);
        }

        _cluster.Archive.IsDown = false;
        return chain;
    }

    private static async Task<bool> KeepUpAsync(TestChain chain)
    {
        await chain.Grain.KeepUpAsync();
        return true;
    }

    /// <summary>As a careful caller does.</summary>
    private async Task UntilDoneAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await _cluster.DriveAsync(call());
                return;
            }
            catch (ServiceOverloadedException) when (attempt < 20)
            {
            }
        }
    }
}

using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>Scenarios run one after the other, and beside no other test: each needs the machine for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ChaosScenarios : ICollectionFixture<ChaosRegion>
{
    public const string Name = "chaos";
}

/// <summary>
/// A region that scenarios share, one after the other: it is a part of each that it leaves all processes running. One that
/// failed leaves a ruin, and the next gets a new one.
/// </summary>
public sealed class ChaosRegion : IAsyncDisposable
{
    private ChaosCluster? _cluster;
    private bool _isWhole;

    /// <summary>Three silos, two API hosts that are their clients, Redis and a PostgreSQL.</summary>
    internal async Task PlayAsync(ITestOutputHelper log, Func<ChaosRound, ChaosCluster, ChaosRun, Task> play)
    {
        if (!_isWhole)
        {
            await DisposeAsync();
            _cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 3, Hosts: 2)
            {
                HasArchiveServer = true,
                // Many checkpoints, and nobody waits for long until all is archived.
                Settings = new Dictionary<string, string>
                {
                    ["Gatehouse:Audit:CheckpointEvents"] = "50",
                    ["Gatehouse:Audit:CheckpointPeriod"] = "00:00:02",
                },
            });
            await Eventually.HoldsAsync(
                async () => (await _cluster.Hosts[0].PutTenantAsync("first")).Status is 200 or 201, TimeSpan.FromSeconds(60));
        }

        _isWhole = false;
        await ChaosRounds.PlayAsync(log, async round =>
        {
            await using var run = await ChaosRun.StartAsync(round, _cluster!);
            await play(round, _cluster!, run);
            await run.CheckAsync();
        });
        _isWhole = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
            _cluster = null;
        }
    }
}

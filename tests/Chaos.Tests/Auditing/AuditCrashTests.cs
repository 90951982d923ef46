using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>
/// Silos, Redis and the archive killed under load: every acknowledged event stands once, at its acknowledged place and
/// hash, in one chain.
/// </summary>
public sealed class AuditCrashTests(PostgresServer postgres, ITestOutputHelper log) : IClassFixture<PostgresServer>
{
    private const string Tenant = "acme";
    private const int Writers = 20;

    [Theory]
    [InlineData("silo")]
    [InlineData("all silos")]
    [InlineData("redis")]
    [InlineData("archive")]
    public async Task Chain_WhileWhatItNeedsIsKilled_HoldsEveryAcknowledgedEventOnce(string victim)
    {
        await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 3, Hosts: 2)
        {
            Settings = new Dictionary<string, string>
            {
                ["Gatehouse:Archive:Provider"] = "Postgres",
                ["Gatehouse:Archive:ConnectionString"] = await postgres.NewDatabaseAsync(),
                ["Gatehouse:Audit:CheckpointEvents"] = "50",
            },
        });
        await cluster.Hosts[0].PutTenantAsync(Tenant);
        var history = new ChainHistory(Tenant);
        using var end = new CancellationTokenSource();
        var writers = Enumerable.Range(0, Writers).Select(i => history.WriteAsync(
            () => cluster.Hosts[i % 2], i, _ => !end.IsCancellationRequested)).ToList();
        await MoreAsync(history, 200);

        await KillAsync(cluster, victim);

        await MoreAsync(history, 400);
        await end.CancelAsync();
        await Task.WhenAll(writers);
        await SealedAsync(cluster.Hosts[1]);
        var count = await history.CheckAsync(cluster.Hosts[0]);
        log.WriteLine($"{victim}: {history.Count} events acknowledged, {count} in the chain");
    }

    private async Task KillAsync(ChaosCluster cluster, string victim)
    {
        switch (victim)
        {
            case "redis":
                await cluster.Redis.RestartAsync();
                break;
            case "archive":
                await postgres.KillAsync();
                await postgres.RunAsync();
                break;
            case "silo":
                await cluster.Silos[0].KillAsync();
                await cluster.StartSiloAsync(0);
                await cluster.Silos[1].KillAsync();
                break;
            default:
                await Task.WhenAll(cluster.Silos.Select(silo => silo.KillAsync()));
                await Task.WhenAll(Enumerable.Range(0, cluster.Silos.Length).Select(cluster.StartSiloAsync));
                break;
        }
    }

    private static Task MoreAsync(ChainHistory history, int count)
    {
        var before = history.Count;
        return Eventually.HoldsAsync(
            () => Task.FromResult(history.Count > before + count), TimeSpan.FromSeconds(90));
    }

    /// <summary>Nothing is left that only the regional store has.</summary>
    private static Task SealedAsync(GatehouseProcess host) => Eventually.HoldsAsync(async () =>
    {
        var (status, state) = await host.SendAsync(HttpMethod.Get, $"/v1/tenants/{Tenant}/audit/state");
        return status == 200
            && state.GetProperty("archived").ToString() == state.GetProperty("head").GetProperty("size").ToString();
    }, TimeSpan.FromSeconds(60));
}

using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>Many writers of one chain, over several silos and API hosts: each event once, in one chain.</summary>
public sealed class AuditWritersTests(PostgresServer postgres, ITestOutputHelper log) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task Chain_OfManyWriters_HoldsEveryEventOnce()
    {
        await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 3, Hosts: 2)
        {
            Settings = new Dictionary<string, string>
            {
                ["Gatehouse:Archive:Provider"] = "Postgres",
                ["Gatehouse:Archive:ConnectionString"] = await postgres.NewDatabaseAsync(),
                // All writers come from one address, and for one tenant each.
                ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
                ["Gatehouse:Http:TenantRequestsPerSecond"] = "0",
            },
        });
        foreach (var (writers, events) in new[] { (20, 10), (50, 10), (500, 20) })
        {
            var (tenant, history) = ($"w{writers}", new ChainHistory($"w{writers}"));
            await cluster.Hosts[0].PutTenantAsync(tenant);

            var began = history.Now;
            await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => history.WriteAsync(
                () => cluster.Hosts[writer % 2], writer, i => i < events)));

            var took = history.Now - began;
            Assert.Equal(writers * events, history.Count);
            var count = await history.CheckAsync(cluster.Hosts[1]);
            // And the two with which the tenant's key was made, unless the chain was read before them.
            Assert.InRange(count, writers * events, (writers * events) + 2);
            log.WriteLine($"{writers} writers, {events} events each: {history.Count / took.TotalSeconds:N0} events/s");
        }
    }
}

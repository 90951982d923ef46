using System.Collections.Concurrent;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>Revocation on real silos, one of which is stopped and comes back as if nothing had happened.</summary>
public class RevocationProcessTests(ITestOutputHelper log)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();

    /// <summary>One call to sign, by the clock of the test.</summary>
    private sealed record Call(TimeSpan Began, int Status, string Version);

    [Fact]
    public async Task Revoke_UnderLoadWithASiloThatIsStopped_NoCallBegunAfterwardsIsSignedWithIt()
    {
        await using var cluster = await ChaosCluster.StartAsync(new ClusterLayout(Silos: 3, Hosts: 2));
        await cluster.Hosts[0].PutTenantAsync("acme");
        var signed = await cluster.Hosts[0].SignAsync("acme", "before");
        Assert.Equal(200, (await cluster.Hosts[0].KeyAsync("acme", "rotate", "{}")).Status);
        var calls = new ConcurrentBag<Call>();
        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, 16).Select(i => SignAsync(cluster.Hosts[i % 2], calls, end.Token)).ToList();
        await Eventually.HoldsAsync(() => Task.FromResult(calls.Count > 300), TimeSpan.FromSeconds(30));

        Signals.Send(cluster.Silos[2].Id, Signals.Stop);
        var revoking = Elapsed();
        var revoked = await RevokeAsync(cluster.Hosts[0]);
        var revokedAt = Elapsed();
        Signals.Send(cluster.Silos[2].Id, Signals.Continue);
        await Eventually.HoldsAsync(
            () => Task.FromResult(calls.Count(call => call.Began > revokedAt && call.Status == 200) > 300),
            TimeSpan.FromSeconds(60));
        await end.CancelAsync();
        await Task.WhenAll(load);

        log.WriteLine($"{calls.Count} calls, revocation took {(revokedAt - revoking).TotalSeconds:0.0} s");
        Assert.Equal(200, revoked);
        Assert.DoesNotContain(calls, call => call.Status is not (200 or 429));
        Assert.Contains(calls, call => call.Version == "v1");
        Assert.DoesNotContain(calls, call => call.Version == "v1" && call.Began > revokedAt);
        Assert.Equal((true, "revoked"), await cluster.Hosts[1].VerifyAsync("acme", signed));
    }

    /// <summary>429 says that it is not sure: repeated until it is.</summary>
    private static async Task<int> RevokeAsync(GatehouseProcess host)
    {
        int status;
        do
        {
            status = (await host.KeyAsync("acme", "v1/revoke", """{"reason":"leaked"}""")).Status;
        }
        while (status == 429);
        return status;
    }

    private async Task SignAsync(GatehouseProcess host, ConcurrentBag<Call> calls, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var at = Elapsed();
            var (status, body) = await host.KeyAsync("acme", "sign", """{"data":"AA=="}""");
            calls.Add(new Call(at, status, status == 200 ? body.GetProperty("version").GetString()! : ""));
        }
    }

    private TimeSpan Elapsed() => TimeProvider.System.GetElapsedTime(_began);
}

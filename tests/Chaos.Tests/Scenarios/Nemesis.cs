using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>What can be done to a region while clients use it. Each is written down with what it may cost.</summary>
internal static class Nemesis
{
    // What a runtime ends with that was told by the others that it is dead: SIGABRT.
    private const int FailedFast = 134;

    public static Task KillSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo) =>
        run.DoAsync($"silo-{silo}", PromisedCosts.Crash, cluster.Silos[silo].KillAsync);

    public static Task StopSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Leave, async () => Assert.Equal(0, await cluster.Silos[silo].StopAsync()));

    public static Task StartSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo) =>
        run.DoAsync($"silo-{silo}", PromisedCosts.Join, () => cluster.StartSiloAsync(silo));

    /// <summary>One comes whose clock is wrong.</summary>
    public static Task StartSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo, TimeSpan ahead) => run.DoAsync(
        $"silo-{silo}, its clock {ahead} ahead", PromisedCosts.Join, () => cluster.StartSiloAsync(silo, ahead));

    /// <summary>An API host leaves in order, and its successor takes its place.</summary>
    public static Task ReplaceHostAsync(this ChaosRun run, ChaosCluster cluster, int host) => run.DoAsync(
        $"host-{host}", PromisedCosts.HostAway, async () =>
        {
            Assert.Equal(0, await cluster.Hosts[host].StopAsync());
            await cluster.StartHostAsync(host);
        });

    /// <summary>All processes at once: until one is back there is nobody to answer.</summary>
    public static Task StopAllAsync(this ChaosRun run, ChaosCluster cluster) => run.DoAsync(
        "all instances", PromisedCosts.Leave, async () => Assert.All(
            await Task.WhenAll(All(cluster).Select(process => process.StopAsync())), exitCode => Assert.Equal(0, exitCode)));

    public static Task KillAllAsync(this ChaosRun run, ChaosCluster cluster) => run.DoAsync(
        "all instances", PromisedCosts.Crash, () => Task.WhenAll(All(cluster).Select(process => process.KillAsync())));

    public static Task StartAllAsync(this ChaosRun run, ChaosCluster cluster) => run.DoAsync(
        "all instances", PromisedCosts.JoinAll, async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, cluster.Silos.Length).Select(cluster.StartSiloAsync));
            await Task.WhenAll(Enumerable.Range(0, cluster.Hosts.Length).Select(cluster.StartHostAsync));
        });

    /// <summary>Stops it until the others have declared it dead.</summary>
    public static Task PauseSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Pause, async () =>
        {
            Signals.Send(cluster.Silos[silo].Id, Signals.Stop);
            await Membership.DeclaredDeadAsync(cluster, cluster.Silos[silo]);
        });

    /// <summary>Lets it go on, and waits until it has ended itself.</summary>
    public static Task ContinueSiloAsync(this ChaosRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Zombie, async () =>
        {
            Signals.Send(cluster.Silos[silo].Id, Signals.Continue);
            Assert.Equal(FailedFast, await cluster.Silos[silo].EndedAsync());
        });

    /// <summary>SIGKILL, and started again with what it had on its disk.</summary>
    public static Task KillStoreAsync(this ChaosRun run, ChaosCluster cluster, TimeSpan time) => AwayAsync(
        run, "SIGKILL", PromisedCosts.StoreAway, time, cluster.Redis.KillAsync, cluster.Redis.StartAgainAsync);

    /// <summary>SIGSTOP: it keeps every connection and answers nothing.</summary>
    public static Task PauseStoreAsync(this ChaosRun run, ChaosCluster cluster, TimeSpan time) => AwayAsync(
        run, "SIGSTOP", PromisedCosts.StoreAway, time, cluster.Redis.PauseAsync, cluster.Redis.ContinueAsync);

    /// <summary>It reads, and refuses all that would need memory.</summary>
    public static Task FillStoreAsync(this ChaosRun run, ChaosCluster cluster, TimeSpan time) => AwayAsync(
        run, "out of memory", PromisedCosts.StoreAway, time,
        () => cluster.Redis.SendAsync("CONFIG SET maxmemory 1mb"), () => cluster.Redis.SendAsync("CONFIG SET maxmemory 0"));

    /// <summary>No byte more can be written: it ends by itself, and is started again when there is room.</summary>
    public static Task FillDiskAsync(this ChaosRun run, ChaosCluster cluster, SmallDisk disk, TimeSpan time) => AwayAsync(
        run, "disk full", PromisedCosts.StoreAway, time,
        async () =>
        {
            disk.Fill();
            await cluster.Redis.EndedAsync();
        },
        () =>
        {
            disk.Free();
            return cluster.Redis.StartAgainAsync();
        });

    /// <summary>The disk reports an error in the middle of a sync: it ends by itself, and is started again.</summary>
    public static Task FailDiskAsync(this ChaosRun run, ChaosCluster cluster, int syncs) =>
        run.DoAsync($"disk fails at sync {syncs}", PromisedCosts.StoreAway, async () =>
        {
            await cluster.Redis.KillAsync();
            await cluster.Redis.StartOnFailingDiskAsync(syncs);
            await cluster.Redis.EndedAsync();
            await cluster.Redis.StartAgainAsync();
        });

    /// <summary>A replica takes over that lacks all that was acknowledged for a while.</summary>
    public static Task FailOverAsync(this ChaosRun run, ChaosCluster cluster, Func<Task> whileItLags) =>
        run.DoAsync("to a replica that lags", PromisedCosts.FailOver, async () =>
        {
            await cluster.Standby!.PauseAsync();
            // What is on the way to it would still arrive.
            await cluster.Redis.SendAsync("CLIENT KILL TYPE replica");
            await whileItLags();
            await cluster.Redis.KillAsync();
            await cluster.Standby.ContinueAsync();
            await cluster.Standby.SendAsync("REPLICAOF NO ONE");
            cluster.Network!.Redirect(cluster.Standby.Port);
        });

    /// <summary>SIGKILL, and started again.</summary>
    public static Task KillArchiveAsync(this ChaosRun run, ChaosCluster cluster, TimeSpan time) => AwayAsync(
        run, "SIGKILL", PromisedCosts.ArchiveAway, time, cluster.ArchiveServer.KillAsync, cluster.ArchiveServer.RunAsync);

    /// <summary>SIGSTOP to the server and to the processes of its connections.</summary>
    public static Task PauseArchiveAsync(this ChaosRun run, ChaosCluster cluster, TimeSpan time) => AwayAsync(
        run, "SIGSTOP", PromisedCosts.ArchiveAway, time, Now(cluster.ArchiveServer.Pause), Now(cluster.ArchiveServer.Continue));

    private static Task AwayAsync(
        ChaosRun run, string what, Fault costs, TimeSpan time, Func<Task> begin, Func<Task> end) =>
        run.DoAsync(what, costs, async () =>
        {
            await begin();
            await ChaosRun.GoOnAsync(time);
            await end();
        });

    private static Func<Task> Now(Action act) => () =>
    {
        act();
        return Task.CompletedTask;
    };

    private static IEnumerable<GatehouseProcess> All(ChaosCluster cluster) => [.. cluster.Silos, .. cluster.Hosts];
}

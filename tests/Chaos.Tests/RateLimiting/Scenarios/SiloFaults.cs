using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.RateLimiting.Scenarios;

/// <summary>What can be done to the silos of a cluster while a load runs.</summary>
internal static class SiloFaults
{
    // What a runtime ends with that was told by the others that it is dead: SIGABRT.
    private const int FailedFast = 134;

    public static Task KillSiloAsync(this LimitRun run, ChaosCluster cluster, int silo) =>
        run.DoAsync($"silo-{silo}", PromisedCosts.Crash, cluster.Silos[silo].KillAsync);

    public static Task StopSiloAsync(this LimitRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Leave, async () => Assert.Equal(0, await cluster.Silos[silo].StopAsync()));

    public static Task StartSiloAsync(this LimitRun run, ChaosCluster cluster, int silo) =>
        run.DoAsync($"silo-{silo}", PromisedCosts.Join, () => cluster.StartSiloAsync(silo));

    /// <summary>All at once: until one is back there is nobody to answer.</summary>
    public static Task StopAllSilosAsync(this LimitRun run, ChaosCluster cluster) => run.DoAsync(
        "all silos", PromisedCosts.Leave, async () => Assert.All(
            await Task.WhenAll(cluster.Silos.Select(silo => silo.StopAsync())), exitCode => Assert.Equal(0, exitCode)));

    public static Task KillAllSilosAsync(this LimitRun run, ChaosCluster cluster) => run.DoAsync(
        "all silos", PromisedCosts.Crash, () => Task.WhenAll(cluster.Silos.Select(silo => silo.KillAsync())));

    public static Task StartAllSilosAsync(this LimitRun run, ChaosCluster cluster) => run.DoAsync(
        "all silos", PromisedCosts.JoinAll,
        () => Task.WhenAll(Enumerable.Range(0, cluster.Silos.Length).Select(cluster.StartSiloAsync)));

    /// <summary>Stops it until the others have declared it dead.</summary>
    public static Task PauseSiloAsync(this LimitRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Pause, async () =>
        {
            Signals.Send(cluster.Silos[silo].Id, Signals.Stop);
            await Membership.DeclaredDeadAsync(cluster, cluster.Silos[silo]);
        });

    /// <summary>Lets it go on, and waits until it has ended itself.</summary>
    public static Task ContinueSiloAsync(this LimitRun run, ChaosCluster cluster, int silo) => run.DoAsync(
        $"silo-{silo}", PromisedCosts.Zombie, async () =>
        {
            Signals.Send(cluster.Silos[silo].Id, Signals.Continue);
            Assert.Equal(FailedFast, await cluster.Silos[silo].EndedAsync());
        });
}

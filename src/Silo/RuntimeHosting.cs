using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;

namespace Gatehouse.Silo;

/// <summary>
/// The Orleans options of this workload, each with its reason. docs/operations/runtime.md is the same as a table, and
/// a test compares the two.
/// </summary>
internal static class RuntimeHosting
{
    /// <summary>A check takes microseconds and waits for nothing but a bounded read of the store.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A host of the same region answers in milliseconds or is gone; the default is 5 s.</summary>
    private static readonly TimeSpan OpenConnectionTimeout = TimeSpan.FromSeconds(2);

    public static ISiloBuilder ConfigureGatehouseRuntime(this ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(ConfigureMembership);
        silo.Configure<GrainCollectionOptions>(ConfigureCollection);
        silo.Configure<SiloMessagingOptions>(ConfigureMessaging);
        silo.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = OpenConnectionTimeout);
        // Off, as by default, and said here because it looks like an omission: it sheds calls of clients only, never
        // those of co-hosted callers, by the CPU of this process alone, and callers that retry at once keep a shedding
        // silo shedding. Admission belongs at the door, where a refusal costs least.
        silo.Configure<LoadSheddingOptions>(options => options.LoadSheddingEnabled = false);
        silo.Services.AddSingleton<IGrainStorageSerializer, JsonStateSerializer>();
        return silo;
    }

    public static IClientBuilder ConfigureGatehouseRuntime(this IClientBuilder client)
    {
        client.Configure<ClientMessagingOptions>(options =>
        {
            options.ResponseTimeout = ResponseTimeout;
            options.CancelRequestOnTimeout = true;
        });
        client.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = OpenConnectionTimeout);
        // How long a new silo gets no calls, and how long a client looks for a cluster that was restarted. One small
        // read of the table per period; the default is a minute.
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        return client;
    }

    /// <summary>What a host that runs a silo needs beside the silo.</summary>
    public static IHostApplicationBuilder ConfigureGatehouseHost(this IHostApplicationBuilder builder)
    {
        // Kestrel stops first and lets its requests end, then each subject's counts go to the store, then the silo says
        // good-bye. The default of 30 s is short for a quarter of a million subjects.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(60));
        // One line for each call that a full queue refuses, that finds the store away or that times out, each with the
        // key of a grain, which names a caller: under a flood the log would be the bottleneck. Metrics count them, and
        // what the API answers is logged once a second.
        builder.Logging.AddFilter("Orleans.Grain", LogLevel.Critical);
        builder.Logging.AddFilter("Orleans.Runtime.CallbackData", LogLevel.Critical);
        builder.Logging.AddFilter("Orleans.Persistence.RedisGrainStorage", LogLevel.Critical);
        builder.Logging.AddFilter(typeof(DurableGrainStorage).FullName, LogLevel.Critical);
        return builder;
    }

    private static void ConfigureMembership(ClusterMembershipOptions options)
    {
        // Three probes missed, two seconds each: a killed silo is out within seconds, and one that pauses for less
        // than that (a long collection, a busy neighbour) is not. The runtime adapts the time-out between the bounds;
        // by its own defaults (5 s, 2.5 to 20 s) a hung silo keeps its subjects for a minute.
        options.ProbeTimeout = TimeSpan.FromSeconds(2);
        options.MinProbeTimeout = TimeSpan.FromSeconds(2);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(5);
        // Rows of silos that were killed stay Active; whoever starts has to reach them or see them stale. Three times
        // 5 s instead of three times 30 s is what a cluster waits that was killed as a whole and came back elsewhere.
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        // Gossip spreads a change at once; who missed it, such as a silo that was paused and declared dead meanwhile,
        // learns it by this. The default of 60 s is a long time for two activations of one subject.
        options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        // To join, and to write a status while Redis is away. Then the process ends and is started anew.
        options.MaxJoinAttemptTime = TimeSpan.FromMinutes(2);
        // Rows of the dead help nobody after a day, and each read of the table carries them.
        options.DefunctSiloExpiration = TimeSpan.FromDays(1);
    }

    private static void ConfigureCollection(GrainCollectionOptions options)
    {
        // Counters leave a minute after their last call (they ask for long windows themselves): a flood of addresses is
        // gone two windows later. Above 80 % of memory the least used leave earlier; their counts go to the store.
        options.CollectionQuantum = TimeSpan.FromSeconds(20);
        options.ClassSpecificCollectionAge[typeof(RateLimitGrain).FullName!] = RateLimitingOptions.IdleMin;
        options.EnableActivationSheddingOnMemoryPressure = true;
        // Each waits for the store at most a second. Who takes this long is stuck and must not hold up a shutdown.
        options.ActivationTimeout = TimeSpan.FromSeconds(10);
        options.DeactivationTimeout = TimeSpan.FromSeconds(10);
    }

    private static void ConfigureMessaging(SiloMessagingOptions options)
    {
        options.ResponseTimeout = ResponseTimeout;
        // Off since Orleans 10. Nobody waits for the answer any more, so the call need not run.
        options.CancelRequestOnTimeout = true;
        // Unbounded by default. A check takes microseconds, so a queue this long means that the grain is stuck.
        options.MaxEnqueuedRequestsHardLimit = 5000;
        options.MaxEnqueuedRequestsHardLimit_StatelessWorker = 5000;
        // Clients are told before a gateway closes; with no time to act on it they send into the closing one.
        options.ClientGatewayShutdownNotificationTimeout = TimeSpan.FromSeconds(1);
    }
}

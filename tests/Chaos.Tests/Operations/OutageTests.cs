using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Operations;

/// <summary>
/// Redis, the archive and a silo are lost in turn: health, metrics and alerts tell the truth while it is so, and after. The
/// rules are the shipped ones with all times shortened (<see cref="PrometheusFiles"/>), so an outage of seconds stands for one
/// of minutes.
/// </summary>
[Collection(OperationsRuns.Name)]
public sealed class OutageTests(OperationsSystem system, ITestOutputHelper log)
{
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(90);

    // What the outage before it has left behind comes and goes for a while.
    private static readonly TimeSpan CalmFor = TimeSpan.FromSeconds(5);

    // Look back further than the test lasts: they fire truly, and resolve when it is over.
    private static readonly string[] Long =
    [
        "GatehouseAvailabilityBudgetLeak", "GatehouseOverloadBudgetLeak", "GatehouseCheckLatencyBudgetLeak",
        "GatehouseAuditAppendBudgetLeak",
    ];

    // True of a machine that runs all of this on a few cores: what is late by a second is late for minutes here.
    private static readonly string[] Busy =
    [
        "GatehouseThreadsStarved", "GatehouseCheckLatencyBudgetBurn", "GatehouseStoreSlow", "GatehouseClockSkew",
        "GatehouseChangesLate",
    ];

    private static readonly string[] Always = ["Watchdog", .. Long, .. Busy];

    [Fact]
    public Task Redis_Killed_IsToldWhileItIsAwayAndNotAfter() => ExpectAsync(
        new Outage("redis", () => system.Redis.KillAsync(), () => system.Redis.StartAgainAsync())
        {
            SeenBy = () => [system.Api, system.Silo(0)],
            Expected =
            [
                "RedisDown", "GatehouseCircuitOpen", "GatehouseHealthDegraded", "GatehouseOverloadBudgetBurn",
                "GatehouseAuditCommitsFailing", "GatehouseAuditAppendBudgetBurn", "GatehouseKeyLeasesFailing",
                "RedisReplicaBroken",
            ],
            Possible =
            [
                "GatehouseAuditSealsFailing", "GatehouseReservationsFailing", "GatehouseStorePoolSaturated",
                "OrleansRequestsTimingOut",
            ],
            Metrics =
            [
                "redis_up == 0", "gatehouse_health_status{check=\"redis\"} == 1", "gatehouse_circuit_state{store=\"data\"} > 0",
                "rate(gatehouse_http_overloads_total[10s]) > 0",
            ],
            Instance = ("RedisDown", system.RedisInstance),
        });

    [Fact]
    public Task Archive_Killed_IsToldWhileItIsAwayAndNotAfter() => ExpectAsync(
        new Outage("archive", () => system.Archive.KillAsync(), () => system.Archive.RunAsync())
        {
            SeenBy = () => [system.Silo(0), system.Silo(2)],
            Expected = ["GatehouseArchiveUnavailable", "GatehouseAuditSealsFailing", "GatehouseHealthDegraded"],
            Possible = [],
            Metrics =
            [
                "gatehouse_health_status{check=\"archive\"} == 1", "gatehouse_circuit_state{store=\"archive\"} > 0",
                "gatehouse_audit_unarchived_age_seconds > 3",
            ],
            Instance = null,
        });

    [Fact]
    public Task Silo_Killed_IsToldWhileItIsAwayAndNotAfter() => ExpectAsync(
        new Outage("silo", () => system.Silo(1).KillAsync(), () => system.StartSiloAsync(1))
        {
            // The others do its work: none of them lacks anything.
            SeenBy = () => [],
            Expected = ["GatehouseTargetDown", "GatehouseTooFewSilos"],
            // Calls of what the silo had are refused until the others take it over, all of it at once.
            Possible =
            [
                "GatehouseOverloadBudgetBurn", "OrleansMessagesLost", "OrleansRequestsTimingOut", "GatehouseStorePoolSaturated",
                "GatehouseReservationsFailing",
            ],
            Metrics = ["up{job=\"gatehouse-silo\"} == 0", "count(orleans_consistent_ring_size) == 2"],
            Instance = ("GatehouseTargetDown", system.SiloInstance(1)),
        });

    private async Task ExpectAsync(Outage outage)
    {
        await using var watch = new AlertWatch(system.Prometheus);
        await CalmAsync(watch, "before", CalmFor);
        watch.Forget();
        var began = TimeProvider.System.GetTimestamp();

        await outage.Begin();
        await Eventually.HoldsAsync(() => Task.FromResult(outage.Expected.All(watch.Firing.Contains)), ToldWithin, () =>
            $"{outage.Check}: {watch}");
        log.WriteLine($"{outage.Check}: told after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");
        foreach (var metric in outage.Metrics)
        {
            await system.SeenAsync(metric);
        }

        await ExpectHealthAsync(outage, isAway: true);

        await outage.End();
        await CalmAsync(watch, "after", TimeSpan.Zero);
        await ExpectHealthAsync(outage, isAway: false);
        log.WriteLine($"{outage.Check}: over after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");
        foreach (var alert in watch.Fired)
        {
            log.WriteLine($"{alert} {alert.Summary}");
        }

        if (outage.Instance is var (name, instance))
        {
            Assert.All(watch.Fired.Where(alert => alert.Name == name), alert => Assert.Equal(instance, alert.Labels["instance"]));
        }

        Assert.Empty(watch.Fired.Select(alert => alert.Name).Except([.. Always, .. outage.Expected, .. outage.Possible]));
    }

    /// <summary>What each process that needs it says of itself; none is taken out of service for it.</summary>
    private async Task ExpectHealthAsync(Outage outage, bool isAway)
    {
        var word = isAway ? "Degraded" : "Healthy";
        Assert.Equal("Healthy", await system.Api.Client.GetStringAsync("/health/live"));
        foreach (var process in outage.SeenBy())
        {
            await Eventually.HoldsAsync(
                async () => await process.Client.GetStringAsync("/health/ready") == word, ToldWithin);
            var (status, body) = await process.SendAsync(HttpMethod.Get, system.DependenciesOf(process));
            Assert.Equal(
                (isAway ? 503 : 200, isAway ? "Unhealthy" : "Healthy"),
                (status, body.GetProperty("entries").GetProperty(outage.Check).GetProperty("status").GetString()));
        }

        if (!isAway || !outage.SeenBy().Contains(system.Api))
        {
            Assert.Equal("Healthy", await system.Api.Client.GetStringAsync("/health/ready"));
        }
    }

    private static Task CalmAsync(AlertWatch watch, string when, TimeSpan lasting)
    {
        var since = TimeProvider.System.GetTimestamp();
        return Eventually.HoldsAsync(
            () =>
            {
                var isCalm = watch.Firing.Contains("Watchdog") && watch.Firing.All(Always.Contains);
                since = isCalm ? since : TimeProvider.System.GetTimestamp();
                return Task.FromResult(isCalm && TimeProvider.System.GetElapsedTime(since) >= lasting);
            },
            ToldWithin, () => $"{when}: {watch}");
    }

    /// <summary>Something that is lost, and what is said of it.</summary>
    private sealed record Outage(string Check, Func<Task> Begin, Func<Task> End)
    {
        /// <summary>The processes that need it.</summary>
        public required Func<GatehouseProcess[]> SeenBy { get; init; }

        /// <summary>The alerts that fire.</summary>
        public required string[] Expected { get; init; }

        /// <summary>Those that may, depending on what was on its way just then; they are true too.</summary>
        public required string[] Possible { get; init; }

        /// <summary>What metrics say meanwhile.</summary>
        public required string[] Metrics { get; init; }

        /// <summary>An alert that names one instance: it names the one that is lost, and no other.</summary>
        public required (string Alert, string Instance)? Instance { get; init; }
    }
}

using System.Diagnostics.Metrics;
using Gatehouse.Silo.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Health;

/// <summary>Samples, readiness, start and the report of dependencies, over checks that find what a test says.</summary>
public class ReadinessTests
{
    [Theory]
    [InlineData("archive", HealthStatus.Degraded)]
    [InlineData("redis", HealthStatus.Unhealthy)]
    public async Task Dependency_Lost_DegradesUnlessUnreadyOnNamesIt(string name, HealthStatus status)
    {
        using var process = new Process("silo", name);
        process.Options.UnreadyOn.Add("redis");
        await process.SampleAsync(1);
        Assert.Equal(HealthStatus.Healthy, process.Readiness.Status);

        process.Checks[1].Finds = CheckOutcome.Bad;
        await process.SampleAsync(2);
        Assert.Equal(HealthStatus.Healthy, process.Readiness.Status);
        await process.SampleAsync(1);
        Assert.Equal(status, process.Readiness.Status);

        process.Checks[1].Finds = CheckOutcome.Good;
        await process.SampleAsync(1);
        Assert.Equal(status, process.Readiness.Status);
        await process.SampleAsync(1);
        Assert.Equal(HealthStatus.Healthy, process.Readiness.Status);
    }

    [Fact]
    public async Task Process_ThatStopsOrIsNoMember_IsUnreadyAtOnce()
    {
        using var process = new Process("silo", "redis");
        await process.SampleAsync(1);

        process.Cluster.CanServe = false;
        Assert.Equal(HealthStatus.Unhealthy, process.Readiness.Status);
        process.Cluster.CanServe = true;
        Assert.Equal(HealthStatus.Healthy, process.Readiness.Status);
        process.Lifetime.StopApplication();
        Assert.Equal(HealthStatus.Unhealthy, process.Readiness.Status);
    }

    [Fact]
    public void Dependency_NobodyHasLookedAt_IsNotHealthy()
    {
        using var process = new Process("silo", "redis");

        Assert.Equal(HealthStatus.Degraded, process.Readiness.Status);
    }

    /// <summary>A process that is still cold is slow to look, and must not begin its life degraded for that.</summary>
    [Theory]
    [InlineData(0, 1, HealthStatus.Healthy)]
    [InlineData(2, 3, HealthStatus.Healthy)]
    [InlineData(int.MaxValue, 3, HealthStatus.Degraded)]
    public async Task Process_ThatStarts_LooksUntilItKnows(int failures, int looks, HealthStatus status)
    {
        using var process = new Process("silo", "redis");
        var redis = process.Checks[1];
        redis.Look = () => Task.FromResult(
            new CheckResult(redis.Looks <= failures ? CheckOutcome.Bad : CheckOutcome.Good));

        await process.StartAsync();

        Assert.Equal((looks, status), (redis.Looks, process.Readiness.Status));
    }

    [Fact]
    public async Task Metrics_SayWhatReadySays()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var process = new Process("silo", "redis", "archive");
        process.Options.UnreadyOn.Add("redis");
        await process.SampleAsync(1);
        var metrics = ActivatorUtilities.CreateInstance<HealthMetrics>(services);
        metrics.Watch(process.Readiness);
        var meters = services.GetRequiredService<IMeterFactory>();
        Assert.Equal(["ready= 1", "status=archive 2", "status=redis 2", "status=silo 2"], Measure(meters));

        process.Checks[1].Finds = CheckOutcome.Lost;
        process.Checks[2].Finds = CheckOutcome.Lost;
        await process.SampleAsync(1);
        metrics.Skewed(TimeSpan.FromSeconds(-1.5));

        Assert.Equal(
            ["clock_skew= -1.5", "ready= 0", "status=archive 1", "status=redis 0", "status=silo 2"], Measure(meters));
    }

    /// <summary>What is measured now, of this factory's meters only: hosts of other tests have the same.</summary>
    private static List<string> Measure(IMeterFactory meters)
    {
        var said = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, watching) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                watching.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Say(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Say(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return [.. said.Order(StringComparer.Ordinal)];

        void Say(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => said.Add(
            $"{instrument.Name.Split('.')[^1]}={(tags.Length == 0 ? "" : tags[0].Value)} {value}");
    }

    [Fact]
    public async Task Start_WithoutItsSteps_IsNotDoneAndOnceDoneStaysSo()
    {
        var step = new FakeStep { Fails = true };
        using var process = new Process([step], "silo");
        await process.SampleAsync(2);
        Assert.False(process.Startup.IsDone);
        Assert.Equal(2, step.Tries);

        (step.Fails, process.Cluster.HasJoined) = (false, false);
        await process.SampleAsync(2);
        Assert.False(process.Startup.IsDone);
        Assert.Equal(3, step.Tries);

        process.Cluster.HasJoined = true;
        await process.SampleAsync(1);
        Assert.True(process.Startup.IsDone);
        process.Cluster.HasJoined = false;
        await process.SampleAsync(1);
        Assert.True(process.Startup.IsDone);
    }

    [Fact]
    public async Task Report_AskedForByMany_LooksOnce()
    {
        var answer = new TaskCompletionSource<CheckResult>();
        var check = new FakeCheck("redis") { Look = () => answer.Task };
        var report = new DependencyReport([check], Options.Create(new HealthOptions()), TimeProvider.System);

        var asked = Enumerable.Range(0, 20).Select(_ => report.RunAsync()).ToList();
        answer.SetResult(CheckResult.Good);
        Assert.All(await Task.WhenAll(asked), answered => Assert.Equal(HealthStatus.Healthy, answered.Status));
        Assert.Equal(1, check.Looks);

        await report.RunAsync();
        Assert.Equal(2, check.Looks);
    }

    [Theory]
    [InlineData(HealthStatus.Unhealthy, CheckOutcome.Bad, HealthStatus.Unhealthy)]
    [InlineData(HealthStatus.Unhealthy, CheckOutcome.Lost, HealthStatus.Unhealthy)]
    [InlineData(HealthStatus.Unhealthy, CheckOutcome.Unknown, HealthStatus.Unhealthy)]
    [InlineData(HealthStatus.Degraded, CheckOutcome.Bad, HealthStatus.Degraded)]
    [InlineData(HealthStatus.Unhealthy, CheckOutcome.Good, HealthStatus.Healthy)]
    internal async Task Report_IsAsBadAsItsWorstEntry(HealthStatus failure, CheckOutcome found, HealthStatus status)
    {
        var bad = new FakeCheck("changes") { FailureStatus = failure, Finds = found };
        var options = new HealthOptions { UnreadyOn = { "redis" } };
        var report = new DependencyReport([new FakeCheck("redis"), bad], Options.Create(options), TimeProvider.System);

        var answer = await report.RunAsync();

        Assert.Equal(status, answer.Status);
        Assert.Equal(HealthStatus.Healthy, answer.Entries["redis"].Status);
        Assert.Equal(["unready-on"], answer.Entries["redis"].Tags);
        Assert.Empty(answer.Entries["changes"].Tags);
    }

    /// <summary>The parts of a process that health is made of.</summary>
    private sealed class Process : IDisposable
    {
        private readonly HealthSampler _sampler;

        public Process(params string[] checks)
            : this([], checks)
        {
        }

        public Process(IStartupStep[] steps, params string[] checks)
        {
            Checks = [.. checks.Select(name => new FakeCheck(name))];
            var (time, options) = (TimeProvider.System, Microsoft.Extensions.Options.Options.Create(Options));
            Startup = new Startup(Cluster, steps, time, NullLogger<Startup>.Instance);
            _sampler = new HealthSampler(Checks, Startup, time, NullLogger<HealthSampler>.Instance);
            Readiness = new Readiness(Cluster, _sampler, Lifetime, options);
        }

        public HealthOptions Options { get; } = new();

        public FakeCluster Cluster { get; } = new();

        public FakeLifetime Lifetime { get; } = new();

        public FakeCheck[] Checks { get; }

        public Startup Startup { get; }

        public Readiness Readiness { get; }

        public async Task SampleAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await _sampler.SampleAsync();
            }
        }

        public async Task StartAsync()
        {
            using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
            using var sampling = new HealthSampling(
                _sampler, Readiness, ActivatorUtilities.CreateInstance<HealthMetrics>(services),
                Microsoft.Extensions.Options.Options.Create(Options), new FakeTimeProvider());
            await sampling.StartAsync(CancellationToken.None);
            await sampling.StopAsync(CancellationToken.None);
        }

        public void Dispose() => Lifetime.Dispose();
    }

    private sealed class FakeCluster : IClusterPresence
    {
        public bool HasJoined { get; set; } = true;

        public bool CanServe { get; set; } = true;
    }

    private sealed class FakeStep : IStartupStep
    {
        public bool Fails { get; set; }

        public int Tries { get; private set; }

        public Task RunAsync()
        {
            Tries++;
            return Fails ? Task.FromException(new TimeoutException()) : Task.CompletedTask;
        }
    }

    private sealed class FakeLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }
}

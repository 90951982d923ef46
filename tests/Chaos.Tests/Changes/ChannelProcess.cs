using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Changes;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Chaos.Tests.Changes;

/// <summary>One process' part of the change channel on a real store, and what its observers are told.</summary>
internal sealed class ChannelProcess : IAsyncDisposable, IChangeObserver
{
    private static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(20);

    private readonly ServiceProvider _services;
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    private ChannelProcess(Store store, bool announces) => _services = new ServiceCollection()
        .AddLogging().AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<IChangeObserver>(this)
        .AddSingleton(new ChangeConnection(
            RedisConnection.Options(store.Redis.Multiplexer.Configuration, "gatehouse-changes"), "local", announces))
        .AddChanges().BuildServiceProvider();

    public IChangeAnnouncer Announcer => _services.GetRequiredService<IChangeAnnouncer>();

    public bool IsCurrent =>
        TimeProvider.System.GetTimestamp() < _services.GetRequiredService<IChangeFeed>().CurrentUntil;

    public static async Task<ChannelProcess> StartAsync(Store store, bool announces = true)
    {
        var process = new ChannelProcess(store, announces);
        await process.StartAsync();
        await process.UntilAsync(isCurrent: true);
        return process;
    }

    /// <summary>One that has its connection and does not listen yet.</summary>
    public static async Task<ChannelProcess> ConnectAsync(Store store)
    {
        var process = new ChannelProcess(store, announces: true);
        await process._services.GetRequiredService<ChangeConnection>().ConnectAsync();
        return process;
    }

    public async Task StartAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>How often something of the channel has failed, by what it was.</summary>
    public static MeterListener ListenForFailures(Action<string?> failed)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, all) =>
            {
                if (instrument.Name == "gatehouse.changes.failures")
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => failed($"{tags[0].Value}"));
        listener.Start();
        return listener;
    }

    /// <summary>The next thing an observer is told.</summary>
    public Task<string> NextAsync() => _told.Reader.ReadAsync().AsTask().WaitAsync(HeardWithin);

    public async Task UntilAsync(bool isCurrent)
    {
        using var end = new CancellationTokenSource(HeardWithin);
        while (IsCurrent != isCurrent)
        {
            await Task.Delay(10, end.Token);
        }
    }

    public void SubjectChanged(in RateLimitKey key) => _told.Writer.TryWrite(key.ToString());

    public void TenantChanged(string tenant, string version) => _told.Writer.TryWrite($"{tenant} {version}");

    public void ChangesMissed() => _told.Writer.TryWrite("missed");

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();
    }
}

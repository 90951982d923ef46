using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Gatehouse.AspNetCore.Auditing;
using Gatehouse.AspNetCore.Http;
using Gatehouse.AspNetCore.Idempotency;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>A service that uses a Gatehouse, a whole one or a fake, and everything it logs and counts.</summary>
public sealed class TestService : IAsyncDisposable
{
    public const string Key = "gh_acme.k1_a-secret-that-nobody-may-see";

    private readonly ServiceProvider _services;
    private readonly AuditSender _sender;

    public TestService(Action<GatehouseOptions> configure, Action<IServiceCollection>? more = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log));
        services.AddGatehouse(configure);
        more?.Invoke(services);
        _services = services.BuildServiceProvider();
        Metrics = new Measurements(_services.GetRequiredService<IMeterFactory>());
        _sender = _services.GetServices<IHostedService>().OfType<AuditSender>().Single();
    }

    public TestLog Log { get; } = new();

    public Measurements Metrics { get; }

    public GatehouseClient Client => _services.GetRequiredService<GatehouseClient>();

    public IIdempotencyClaims Claims => _services.GetRequiredService<IIdempotencyClaims>();

    public IAuditWriter Audit => _services.GetRequiredService<IAuditWriter>();

    /// <summary>A service of the tenant acme with a fake Gatehouse.</summary>
    public static TestService With(
        FakeGatehouse gatehouse, TimeProvider? time = null, Action<GatehouseOptions>? configure = null,
        Action<IServiceCollection>? more = null) => new(
        options =>
        {
            (options.Tenant, options.ApiKey) = ("acme", Key);
            configure?.Invoke(options);
        },
        services =>
        {
            services.AddHttpClient("Gatehouse").ConfigurePrimaryHttpMessageHandler(gatehouse.NewHandler);
            services.AddSingleton(time ?? TimeProvider.System);
            more?.Invoke(services);
        });

    public Task StartAsync() => _sender.StartAsync(CancellationToken.None);

    public Task StopAsync(CancellationToken deadline) => _sender.StopAsync(deadline);

    public async ValueTask DisposeAsync()
    {
        Metrics.Dispose();
        // Calls that still wait for a time that nobody moves: a fault of the test.
        await _services.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }
}

/// <summary>Everything that was logged, exceptions and scopes included.</summary>
public sealed class TestLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, int Id, string Text)> _lines = new();
    private readonly Channel<int> _ids = Channel.CreateUnbounded<int>();

    public IReadOnlyList<(LogLevel Level, int Id, string Text)> Lines => [.. _lines];

    /// <summary>Completes when an event with that id is logged.</summary>
    public async Task WrittenAsync(int id)
    {
        while (await _ids.NextAsync() != id)
        {
            // Another one.
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        _lines.Enqueue((LogLevel.None, 0, state.ToString() ?? ""));
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue((logLevel, eventId.Id, $"{formatter(state, exception)} {exception}"));
        _ids.Writer.TryWrite(eventId.Id);
    }

    public void Dispose()
    {
    }
}

/// <summary>What one service has counted.</summary>
public sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();

    public Measurements(IMeterFactory meters)
    {
        // Other tests run in this process, too: the factory tells them apart.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters)
                && instrument.Meter.Name.StartsWith("Gatehouse.AspNetCore", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var labels = string.Join(',', tags.ToArray().Select(tag => tag.Value));
            _sums.AddOrUpdate($"{instrument.Name}({labels})", value, (_, sum) => sum + value);
        });
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => _sums[$"{instrument.Name}()"] = value);
        _listener.Start();
    }

    public long this[string name]
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _sums.GetValueOrDefault(name.EndsWith(')') ? name : $"{name}()");
        }
    }

    public void Dispose() => _listener.Dispose();
}

using System.Diagnostics.Metrics;
using Gatehouse.ApiHost.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>Overload answers are logged once a second, however many there are, and never with a caller's name.</summary>
public sealed class OverloadLogTests : ILogger<OverloadLog>, IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<string> _lines = [];

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Answered_AThousandTimesInASecond_IsOneLineAndTheNextCountsTheRest()
    {
        var time = new FakeTimeProvider();
        var log = new OverloadLog(new HttpMetrics(_services.GetRequiredService<IMeterFactory>()), time, this);

        for (var i = 0; i < 1_000; i++)
        {
            log.Answered("timeout", nameof(TimeoutException));
        }

        time.Advance(TimeSpan.FromSeconds(1));
        log.Answered("host_busy", null);

        Assert.Equal(
            [
                "Answered 429 service_overloaded: timeout, by TimeoutException; 0 more since the last such line",
                "Answered 429 service_overloaded: host_busy, by this host; 999 more since the last such line",
            ],
            _lines);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        Assert.Null(exception);
        _lines.Add(formatter(state, exception));
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>
/// A host with a collector, which is not there: what would be sent to it is kept here. Who listens to spans decides for the
/// whole process which are made, so those who do are in one collection.
/// </summary>
public sealed class TracedHost : IAsyncLifetime
{
    private readonly SpanRecorder _spans = new();
    private readonly LogRecorder _logs = new();

    public TestHost Host { get; private set; } = null!;

    public IReadOnlyCollection<Activity> Spans => _spans.Ended;

    public IReadOnlyCollection<Line> Logs => _logs.Written;

    /// <summary>What every signal says of the process it comes from.</summary>
    public IReadOnlyDictionary<string, object> Resource =>
        _spans.ParentProvider.GetResource().Attributes.ToDictionary(entry => entry.Key, entry => entry.Value);

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test,gatehouse.region=of-the-operator",
                ["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true",
                ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
            },
            builder => builder.Services.ConfigureOpenTelemetryLoggerProvider((_, logs) => logs.AddProcessor(_logs)));
        // The last of all: what it sees is what is sent.
        Host.App.Services.GetRequiredService<TracerProvider>().AddProcessor(_spans);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>The spans of a trace, once the one that came from the caller has ended: after its answer was sent.</summary>
    public async Task<IReadOnlyList<Activity>> TraceAsync(ActivityTraceId trace)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!Spans.Any(span => span.TraceId == trace && span.Source.Name == "Microsoft.AspNetCore"))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(30), "The span has not ended.");
            await Task.Delay(10);
        }

        return [.. Spans.Where(span => span.TraceId == trace)];
    }

    /// <summary>One line of the log, copied: the SDK uses its own records again.</summary>
    public sealed record Line(string Category, string? Message, ActivityTraceId Trace, IReadOnlyList<string> Members, int Scopes);

    private sealed class SpanRecorder : BaseProcessor<Activity>
    {
        public ConcurrentQueue<Activity> Ended { get; } = new();

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }

    private sealed class LogRecorder : BaseProcessor<LogRecord>
    {
        public ConcurrentQueue<Line> Written { get; } = new();

        public override void OnEnd(LogRecord data)
        {
            var scopes = 0;
            data.ForEachScope<object?>((_, _) => scopes++, null);
            Written.Enqueue(new Line(
                data.CategoryName!, data.FormattedMessage, data.TraceId,
                [.. (data.Attributes ?? []).Select(member => $"{member.Key}={member.Value}")], scopes));
        }
    }
}

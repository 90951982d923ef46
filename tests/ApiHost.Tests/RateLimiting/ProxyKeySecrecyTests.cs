using System.Collections.Concurrent;
using System.Diagnostics;
using Gatehouse.ApiHost.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>A proxy's key in the query is seen by nobody, however talkative the logging and tracing are set.</summary>
[Collection(nameof(TracedHost))]
public class ProxyKeySecrecyTests
{
    private static readonly string[] Paths =
    [
        "/authz/forward/{0}/default", "/authz/nginx/{0}/default", "/authz/envoy/{0}/default/x",
        "/authz/forward/{0}/no-such-policy", "/authz/forward/no-such-tenant/default", "/authz/forward/{0}", "/authz/nope",
    ];

    [Fact]
    public async Task KeyInTheQuery_IsInNoLogTraceMetricOrAnswer()
    {
        using var log = new RecordingProvider();
        var spans = new ConcurrentQueue<string>();
        using var listener = Listen(spans);
        string secret;
        await using (var host = await StartTalkativeAsync(log))
        {
            secret = await SendKeyEverywhereAsync(host);
        }

        Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(spans, span => span.Contains(secret, StringComparison.Ordinal));
        // Logging and tracing were as talkative as they can be: the trace shows the query of another route.
        Assert.Contains(log.Lines, line => line.Contains("/authz/forward/{tenant}/{policy}", StringComparison.Ordinal));
        Assert.Contains(spans, span => span.Contains("/authz/nginx", StringComparison.Ordinal));
        Assert.Contains(spans, span => span.Contains("from=here", StringComparison.Ordinal));
    }

    private static async Task<string> SendKeyEverywhereAsync(TestHost host)
    {
        var tenant = await host.NewTenantAsync();
        var key = await host.NewKeyAsync(tenant);
        var secret = key[(key.LastIndexOf('_') + 1)..];
        foreach (var path in Paths)
        {
            foreach (var query in new[] { $"key={key}&cost=1", $"cost={key}&key={key}", $"key={key}x", $"KEY={key}" })
            {
                var target = $"{string.Format(null, path, tenant)}?{query}";
                var answer = await host.SendAsync(HttpMethod.Get, target, null, null, ("X-Forwarded-For", "203.0.113.7"));
                Assert.DoesNotContain(secret, $"{answer.Text}{string.Join(' ', answer.Headers)}", StringComparison.Ordinal);
            }
        }

        await host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys/jwks.json?from=here", null);
        var metrics = await host.SendAsync(HttpMethod.Get, "/metrics", null);
        Assert.DoesNotContain(secret, metrics.Text, StringComparison.Ordinal);
        return secret;
    }

    private static Task<TestHost> StartTalkativeAsync(RecordingProvider log) => TestHost.StartAsync(
        new()
        {
            ["Logging:LogLevel:Default"] = "Trace",
            ["Logging:LogLevel:Microsoft"] = "Trace",
            ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
            ["Logging:Recording:LogLevel:Default"] = "Trace",
            ["Logging:Recording:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "Trace",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
            ["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true",
        },
        builder => builder.Logging.AddProvider(log));

    private static ActivityListener Listen(ConcurrentQueue<string> spans)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => spans.Enqueue($"{span.DisplayName} {string.Join(' ', span.TagObjects)}"),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    [ProviderAlias("Recording")]
    private sealed class RecordingProvider : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            // The state holds more than the message says.
            var members = state is IEnumerable<KeyValuePair<string, object?>> all ? string.Join(' ', all) : "";
            Lines.Enqueue($"{formatter(state, exception)} {members} {exception}");
        }

        public void Dispose()
        {
        }
    }
}

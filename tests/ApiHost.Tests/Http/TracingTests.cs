using System.Diagnostics;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Silo;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;
using Orleans;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>With a collector, a request is one trace down to the store, and says nothing that nobody may read.</summary>
[Collection(nameof(TracedHost))]
public partial class TracingTests(TracedHost traced, SharedHost shared) : IClassFixture<TracedHost>
{
    private const string Subject = "203.0.113.77";

    [Fact]
    public async Task ACheck_IsOneTrace_FromTheCallersHeaderToTheStore()
    {
        var (tenant, key) = await NewTenantAsync();

        var (trace, caller) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        var answer = await CheckAsync(tenant, key, $"00-{trace}-{caller}-01");

        var spans = await traced.TraceAsync(trace);
        var http = Assert.Single(spans, span => span.ParentSpanId == caller);
        Assert.Equal("POST /v1/tenants/{tenant}/rate-limits/{policy}/check", http.DisplayName);
        Assert.Equal(answer.Headers["X-Request-Id"], http.GetTagItem("gatehouse.request_id"));
        // The first of all scripts goes out twice: the store does not know it yet.
        var script = spans.First(span => span.GetTagItem("db.stored_procedure.name") is "ceiling");
        Assert.Equal(("EVALSHA", "redis"), (script.DisplayName, script.GetTagItem("db.system.name")));
        Assert.Contains(Ancestors(script, spans), span => span.DisplayName == "IRateLimitGrain/CheckAsync");
        Assert.Equal(http, Ancestors(script, spans).Last());
    }

    [Fact]
    public async Task WhatWaitsForOthers_IsInTheTraceToo()
    {
        var tenant = await traced.Host.NewTenantAsync();
        var writer = await traced.Host.NewKeyAsync(tenant, "\"audit\",\"idempotency\"");

        var audit = await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", writer,
            """{"actor":{"type":"user","id":"u"},"action":"a","resource":{"type":"r","id":"1"},"outcome":"success"}""");
        var begin = await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/begin", writer,
            """{"endpoint":"POST /orders","path":"/orders","key":"some-key","fingerprint":"f"}""");

        foreach (var (trace, name) in new[] { (audit, "audit-append"), (begin, "idempotency-begin-many") })
        {
            var spans = await traced.TraceAsync(trace);
            var script = spans.First(span => span.GetTagItem("db.stored_procedure.name") as string == name);
            Assert.True(Ancestors(script, spans).Last().HasRemoteParent);
        }
    }

    [Fact]
    public async Task ARequestThatItsCallerDoesNotSample_IsNoTrace()
    {
        var (tenant, key) = await NewTenantAsync();
        var (not, sampled) = (ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom());

        Assert.Equal(200, (await CheckAsync(tenant, key, $"00-{not}-{ActivitySpanId.CreateRandom()}-00")).Status);
        await CheckAsync(tenant, key, $"00-{sampled}-{ActivitySpanId.CreateRandom()}-01");

        Assert.NotEmpty(await traced.TraceAsync(sampled));
        Assert.DoesNotContain(traced.Spans, span => span.TraceId == not);
    }

    [Fact]
    public async Task Spans_SayNothingOfTenantsKeysAddressesAndQueries()
    {
        var tenant = $"hidden-{TestHost.NewName()}";
        await traced.Host.SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}", TestHost.AdminKey, "{}");
        var key = await traced.Host.NewKeyAsync(tenant, "\"ratelimit\",\"idempotency\"");
        var secret = key[(key.LastIndexOf('_') + 1)..];
        string[] targets =
        [
            $"/authz/forward/{tenant}/default?key={key}", $"/authz/envoy/{tenant}/default/{secret}", $"/{secret}",
            $"/v1/tenants/{tenant}/api-keys/{secret}?key={secret}", $"/v1/tenants/{tenant}/idempotency?key=hidden-{secret}",
        ];
        foreach (var target in targets)
        {
            await traced.TraceAsync(await SendAsync(HttpMethod.Get, target, null));
        }

        await traced.TraceAsync(await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/rate-limits/default/check", key,
            $$"""{"ip":"{{Subject}}"}"""));
        await traced.TraceAsync(await SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/begin", key,
            $$"""{"endpoint":"POST /o","path":"/o","key":"hidden-{{secret}}","fingerprint":"f"}"""));

        Assert.All(traced.Spans.Select(Text), span =>
        {
            Assert.DoesNotContain("hidden-", span, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, span, StringComparison.Ordinal);
            Assert.DoesNotContain(Subject, span, StringComparison.Ordinal);
        });
        Assert.Contains(
            "url.path=/authz/forward/{tenant}/{policy}", string.Join('\n', traced.Spans.Select(Text)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_AreSentences_WithTheirTraceAndWithoutScopes()
    {
        using var activity = new Activity("of the log").Start();
        var logger = traced.Host.App.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Test");
        using (logger.BeginScope("a scope"))
        {
            LogAnswer(logger, 42);
        }

        var line = Assert.Single(traced.Logs, line => line.Category == "Gatehouse.Test");
        Assert.Equal(("The answer is 42", activity.TraceId, 0), (line.Message, line.Trace, line.Scopes));
        Assert.Contains("Answer=42", line.Members);
    }

    [Fact]
    public void TheProcess_IsNamed_AndTheOperatorsWordWins()
    {
        Assert.Equal("gatehouse-api", traced.Resource["service.name"]);
        Assert.StartsWith("0.", Assert.IsType<string>(traced.Resource["service.version"]), StringComparison.Ordinal);
        Assert.NotEmpty(Assert.IsType<string>(traced.Resource["service.instance.id"]));
        Assert.Equal("of-the-operator", traced.Resource["gatehouse.region"]);
        Assert.Equal("test", traced.Resource["deployment.environment.name"]);
    }

    /// <summary>Nothing of it is on the way of a call.</summary>
    [Fact]
    public void WithoutACollector_NothingIsTraced()
    {
        var services = shared.Host.App.Services;
        Assert.Null(services.GetService<TracerProvider>());
        Assert.Null(services.GetService<LoggerProvider>());
        Assert.Empty(services.GetServices<IOutgoingGrainCallFilter>());
        Assert.NotEmpty(traced.Host.App.Services.GetServices<IOutgoingGrainCallFilter>());
    }

    [Theory]
    [InlineData("", "", true, true, true)]
    [InlineData("OTEL_TRACES_EXPORTER", "none", true, false, true)]
    [InlineData("OTEL_METRICS_EXPORTER", "none", false, true, true)]
    [InlineData("OTEL_LOGS_EXPORTER", "none", true, true, false)]
    [InlineData("OTEL_SDK_DISABLED", "true", false, false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "", false, false, false)]
    public void Signals_CanBeTurnedOff(string name, string value, bool metrics, bool traces, bool logs)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4317",
            [name] = value,
        }).Build();

        Assert.Equal(new Collector(metrics, traces, logs), Collector.From(configuration));
    }

    private async Task<(string Tenant, string Key)> NewTenantAsync()
    {
        var tenant = await traced.Host.NewTenantAsync();
        return (tenant, await traced.Host.NewKeyAsync(tenant));
    }

    private Task<Answer> CheckAsync(string tenant, string key, string parent) => traced.Host.SendAsync(
        HttpMethod.Post, $"/v1/tenants/{tenant}/rate-limits/default/check", key,
        new StringContent($$"""{"ip":"{{Subject}}"}""", null, "application/json"), ("traceparent", parent));

    private async Task<ActivityTraceId> SendAsync(HttpMethod method, string path, string? key, string? body = null)
    {
        var trace = ActivityTraceId.CreateRandom();
        var content = body is null ? null : new StringContent(body, null, "application/json");
        await traced.Host.SendAsync(
            method, path, key, content, ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"));
        return trace;
    }

    private static List<Activity> Ancestors(Activity span, IReadOnlyList<Activity> all)
    {
        var found = new List<Activity>();
        for (var at = span; all.FirstOrDefault(other => other.SpanId == at.ParentSpanId) is { } parent; at = parent)
        {
            found.Add(parent);
        }

        return found;
    }

    private static string Text(Activity span) => string.Join(' ', [
        span.DisplayName, span.StatusDescription, .. span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
        .. span.Events.SelectMany(happened => happened.Tags).Select(tag => $"{tag.Key}={tag.Value}")]);

    [LoggerMessage(1, LogLevel.Warning, "The answer is {Answer}")]
    private static partial void LogAnswer(ILogger logger, int answer);
}

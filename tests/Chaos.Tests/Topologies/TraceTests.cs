using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Topologies;

/// <summary>A request is one trace through all processes, as a collector receives it.</summary>
public class TraceTests
{
    private const string Caller = "00f067aa0ba902b7";
    private const string Subject = "203.0.113.77";
    private static readonly string[] Services = ["gatehouse-api", "gatehouse-silo"];
    private static readonly TimeSpan SentWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ACheck_IsOneTrace_FromTheApiOverTheSiloToTheStore()
    {
        await using var collector = await CollectorServer.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var settings = new Dictionary<string, string>(collector.Settings)
        {
            ["Gatehouse:Topology"] = "Client",
            ["Gatehouse:Redis:ConnectionString"] = redis.ConnectionString,
            // Who starts says so in the log, which is otherwise silent while all is well.
            ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information",
        };
        await using var silo = await GatehouseProcess.StartSiloAsync(folder.Path, settings);
        await using var host = await GatehouseProcess.StartAsync(folder.Path, settings);
        await host.PutTenantAsync("acme");
        var (trace, not) = (Guid.NewGuid().ToString("n"), Guid.NewGuid().ToString("n"));

        await CheckAsync(host, "203.0.113.78", $"00-{not}-{Caller}-00");
        await CheckAsync(host, Subject, $"00-{trace}-{Caller}-01");

        await Eventually.HoldsAsync(() => Task.FromResult(
            collector.Spans.Any(span => span.Trace == trace && span.Parent == Caller)
            && collector.Spans.Any(span => span.Trace == trace && span.Name == "EVALSHA")), SentWithin);
        var spans = collector.Spans.Where(span => span.Trace == trace).ToList();
        var script = spans.First(span => span is { Service: "gatehouse-silo", Name: "EVALSHA" });
        Assert.Equal(
            [
                ("gatehouse-silo", "IRateLimitGrain/CheckAsync"), ("gatehouse-api", "IRateLimitGrain/CheckAsync"),
                ("gatehouse-api", "POST /v1/tenants/{tenant}/rate-limits/{policy}/check"),
            ],
            Ancestors(script, spans).Select(span => (span.Service, span.Name)));
        Assert.DoesNotContain(collector.Spans, span => span.Trace == not);
        await Eventually.HoldsAsync(() => Task.FromResult(HasBoth("metrics") && HasBoth("logs")), SentWithin);
        Assert.DoesNotContain(collector.Bodies, body => body.Text.Contains(Subject, StringComparison.Ordinal));

        bool HasBoth(string signal) => Services.All(service => collector.Bodies.Any(
            body => body.Signal == signal && body.Text.Contains(service, StringComparison.Ordinal)));
    }

    private static async Task CheckAsync(GatehouseProcess host, string address, string parent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tenants/acme/rate-limits/default/check");
        request.Content = new StringContent($$"""{"ip":"{{address}}"}""", null, "application/json");
        request.Headers.Add("traceparent", parent);
        Assert.Equal(200, (await host.SendAsync(request)).Status);
    }

    private static List<SentSpan> Ancestors(SentSpan span, IReadOnlyList<SentSpan> all)
    {
        var found = new List<SentSpan>();
        for (var at = span; all.FirstOrDefault(other => other.Id == at.Parent) is { } parent; at = parent)
        {
            found.Add(parent);
        }

        return found;
    }
}

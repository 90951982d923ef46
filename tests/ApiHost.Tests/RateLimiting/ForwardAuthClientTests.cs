using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.ApiHost.Tests.Fixtures;
using static Gatehouse.ApiHost.Tests.Fixtures.ForwardAuthCalls;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>Whom a proxy asks for.</summary>
public class ForwardAuthClientTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("198.51.100.9, 203.0.113.7", "203.0.113.7")]
    [InlineData("garbage, 203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public async Task Client_IsTheRightMostEntry(string forwarded, string client)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        await _host.AskAsync("forward", tenant, key, forwarded);

        var peek = await _host.CheckAsync(tenant, key, $$"""{"ip":"{{client}}","cost":0}""", "p");

        Assert.Equal(9, peek.Json.GetProperty("remaining").GetInt32());
    }

    [Fact]
    public async Task Client_BehindATrustedProxy_IsTheEntryBeforeIt()
    {
        await using var host = await TestHost.StartAsync(new() { ["Gatehouse:Http:TrustedProxies:0"] = "10.0.0.1" });
        var (tenant, key) = await host.NewLimitAsync(1);

        Assert.Equal(200, (await host.AskAsync("forward", tenant, key, "203.0.113.7, 10.0.0.1")).Status);
        Assert.Equal(429, (await host.AskAsync("forward", tenant, key, "203.0.113.7")).Status);
        Assert.Equal(200, (await host.AskAsync("forward", tenant, key, "203.0.113.8, 10.0.0.1")).Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("203.0.113.7:80")]
    [InlineData("203.0.113.7,")]
    [InlineData("203.0.113.7, unix:")]
    public async Task Client_NotStated_Is400ForEveryFamily(string? forwarded)
    {
        var (tenant, key) = await _host.NewLimitAsync(10);
        foreach (var family in new[] { "forward", "nginx", "envoy" })
        {
            var answer = await _host.AskAsync(family, tenant, key, forwarded, headers: ("X-Real-IP", Alice));

            Assert.Equal((400, "invalid_request", "X-Forwarded-For"), (answer.Status, answer.Code, answer.Fault.Field));
        }
    }

    [Fact]
    public async Task Client_NotStated_IsCounted()
    {
        var reasons = new ConcurrentQueue<object?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "gatehouse.http.refusals")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Enqueue(tags[0].Value));
        listener.Start();
        var (tenant, key) = await _host.NewLimitAsync(10);

        await _host.AskAsync("forward", tenant, key, null);

        Assert.Contains("no_client_address", reasons);
    }

    [Fact]
    public async Task Door_BehindATrustedProxy_CountsEachClientByItself()
    {
        await using var host = await TestHost.StartAsync(new()
        {
            ["Gatehouse:Http:TrustedProxies:0"] = "127.0.0.1",
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "5",
        });
        var (tenant, key) = await host.NewLimitAsync(1000);
        Answer answer;
        do
        {
            answer = await host.AskAsync("nginx", tenant, key, Alice);
        }
        while (answer.Status == 204);

        Assert.Equal((403, "door_limited", "429"), (answer.Status, answer.Code, answer.Headers["X-RateLimit-Status"]));
        Assert.Equal(204, (await host.AskAsync("nginx", tenant, key, "198.51.100.1")).Status);
    }
}

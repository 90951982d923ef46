using System.Diagnostics.Metrics;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Overload;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Overload;

/// <summary>A host that has enough to do says so: by class, cheaply, and never on health and metrics.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private TestHost _host = null!;
    private string _tenant = "";
    private string _key = "";

    private Admission Admission => _host.App.Services.GetRequiredService<Admission>();

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            ["Gatehouse:Overload:ChecksMax"] = "2",
            ["Gatehouse:Overload:ReadsMax"] = "2",
            ["Gatehouse:Overload:WritesMax"] = "2",
            ["Gatehouse:Overload:RequestQueueMax"] = "0",
        });
        _tenant = await _host.NewTenantAsync();
        _key = await _host.NewKeyAsync(_tenant);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Check_WhileAsManyAreWorkedOnAsMayBe_Is429AndSaysThatNothingWasDone()
    {
        var turns = await TakeAllAsync(RouteClass.Check);

        var refused = await CheckAsync();

        Assert.Equal((429, "service_overloaded"), (refused.Status, refused.Code));
        Assert.Equal("service_overloaded", refused.Json.GetProperty("error").GetString());
        Assert.Equal("Service temporarily overloaded, please retry", refused.Json.GetProperty("message").GetString());
        Assert.Equal("host_busy", refused.Json.GetProperty("reason").GetString());
        Assert.Equal("no", refused.Json.GetProperty("applied").GetString());
        Assert.InRange(refused.Json.GetProperty("retryAfterMs").GetInt64(), 5_000, 6_000);
        Assert.Equal("5", refused.Headers["Retry-After"]);
        Assert.Equal("no-store", refused.Headers["Cache-Control"]);
        turns.ForEach(turn => turn.End(isAnswered: false));
        Assert.Equal(200, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task Begins_ThatWait_KeepOutNobodyWhoEndsWhatTheyWaitFor()
    {
        const string Claim = "\"endpoint\":\"POST /orders\",\"key\":\"k\"";
        Assert.Equal(200, (await StepAsync("begin", $"{{{Claim},\"path\":\"/orders\"}}")).Status);

        var (told, count) = (new TaskCompletionSource(), 0);
        using var begins = new MeterListener();
        begins.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "gatehouse.idempotency.begins"
                && instrument.Meter.Scope == _host.App.Services.GetRequiredService<IMeterFactory>())
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        begins.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (Interlocked.Increment(ref count) == 2)
            {
                told.TrySetResult();
            }
        });
        begins.Start();
        var waiting = Enumerable.Range(0, 2).Select(_ =>
            StepAsync("begin", $"{{{Claim},\"path\":\"/orders\"}}", ("Prefer", "wait=20"))).ToList();
        await told.Task.WaitAsync(TimeSpan.FromSeconds(10));

        var ended = await StepAsync("complete", $"{{{Claim},\"epoch\":1,\"response\":{{\"status\":201}}}}");

        Assert.Equal(200, ended.Status);
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(200, answer.Status));

        Task<Answer> StepAsync(string step, string body, params (string Name, string Value)[] headers) =>
            _host.SendAsync(
                HttpMethod.Post, $"/v1/tenants/{_tenant}/idempotency/{step}", TestHost.AdminKey,
                new StringContent(body, System.Text.Encoding.UTF8, "application/json"), headers);
    }

    [Fact]
    public async Task Writes_ThatAreTooMany_RefuseNeitherChecksNorReads()
    {
        await TakeAllAsync(RouteClass.Write);

        Assert.Equal(429, (await _host.PutPolicyAsync(_tenant, """{"limit":1,"window":"00:01:00"}""")).Status);
        Assert.Equal(200, (await CheckAsync()).Status);
        var read = await _host.SendAsync(HttpMethod.Get, $"/v1/tenants/{_tenant}", TestHost.AdminKey);
        Assert.Equal(200, read.Status);
    }

    [Fact]
    public async Task HealthAndMetrics_WhateverIsWorkedOn_AreNeverRefused()
    {
        foreach (var route in new[] { RouteClass.Check, RouteClass.Read, RouteClass.Write })
        {
            await TakeAllAsync(route);
        }

        foreach (var path in new[] { "/health/live", "/health/ready", "/health/startup", "/metrics" })
        {
            Assert.Equal(200, (await _host.SendAsync(HttpMethod.Get, path, null)).Status);
        }

        var dependencies = await _host.SendAsync(HttpMethod.Get, "/health/dependencies", TestHost.AdminKey);
        Assert.NotEqual(429, dependencies.Status);
    }

    [Fact]
    public async Task Refused_BeforeTheCredentialIsLookedAt()
    {
        await TakeAllAsync(RouteClass.Check);

        var refused = await _host.CheckAsync(_tenant, "nonsense", """{"subject":"a"}""");

        Assert.Equal(429, refused.Status);
    }

    [Fact]
    public async Task Refusals_AreAsManyAsTheMetricSays()
    {
        using var counted = new OverloadCount();
        await TakeAllAsync(RouteClass.Check);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CheckAsync()));

        Assert.All(answers, answer => Assert.Equal(429, answer.Status));
        Assert.Equal(50, counted.Of("host_busy"));
    }

    [Theory]
    [InlineData(400, 201, 200)]
    [InlineData(600, 429, 200)]
    [InlineData(2_500, 429, 429)]
    public async Task ThreadsAreLate_WhatIsWorthLeastIsRefusedFirst(int delayMs, int write, int read)
    {
        await MeasureAsync(delayMs, delayMs, delayMs);

        var name = TestHost.NewName();
        Assert.Equal(write, (await _host.SendAsync(HttpMethod.Put, $"/v1/tenants/{name}", TestHost.AdminKey, "{}")).Status);
        Assert.Equal(read, (await _host.SendAsync(HttpMethod.Get, $"/v1/tenants/{_tenant}", TestHost.AdminKey)).Status);
        Assert.Equal(200, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task ThreadsWereLateAndAreNot_IsABurstAndRefusesNothing()
    {
        await MeasureAsync(3_000, 3_000, 1);

        var name = TestHost.NewName();
        Assert.Equal(201, (await _host.SendAsync(HttpMethod.Put, $"/v1/tenants/{name}", TestHost.AdminKey, "{}")).Status);
    }

    /// <summary>Measures that, and nothing afterwards.</summary>
    private async Task MeasureAsync(params int[] delaysMs)
    {
        var delay = _host.App.Services.GetRequiredService<ThreadPoolDelay>();
        await delay.StopAsync(CancellationToken.None);
        foreach (var delayMs in delaysMs)
        {
            delay.Measured(TimeSpan.FromMilliseconds(delayMs));
        }
    }

    private Task<Answer> CheckAsync() => _host.CheckAsync(_tenant, _key, """{"subject":"a"}""");

    private async Task<List<Turn>> TakeAllAsync(RouteClass route)
    {
        var turns = new List<Turn>();
        while (Admission.RefusalOf(route) is null)
        {
            turns.Add(await Admission.EnterAsync(route));
        }

        await Assert.ThrowsAsync<ServiceOverloadedException>(() => Admission.EnterAsync(route).AsTask());
        return turns;
    }

    /// <summary>Counts overload answers as the product's own metric does.</summary>
    private sealed class OverloadCount : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _byReason = [];

        public OverloadCount()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == HttpMetrics.MeterName && instrument.Name == "gatehouse.http.overloads")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                lock (_byReason)
                {
                    var reason = (string)tags[0].Value!;
                    _byReason[reason] = _byReason.GetValueOrDefault(reason) + value;
                }
            });
            _listener.Start();
        }

        public long Of(string reason)
        {
            lock (_byReason)
            {
                return _byReason.GetValueOrDefault(reason);
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}

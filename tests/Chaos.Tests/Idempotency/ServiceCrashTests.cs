using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>
/// A real service in a process of its own, that dies, stalls or loses its store at the worst moments: its effect, a
/// payment, happens once at most.
/// </summary>
public sealed class ServiceCrashTests(ServiceCrashFixture fixture) : IClassFixture<ServiceCrashFixture>
{
    /// <summary>The sample's lease, and some time.</summary>
    private static readonly TimeSpan LeaseMax = TimeSpan.FromSeconds(30);

    private readonly string _key = $"order-{Guid.NewGuid():n}";

    [Fact]
    public async Task Killed_BetweenClaimAndEffect_NothingIsPaid_AndNothingIsStartedAgain()
    {
        var begun = fixture.Proxy.HoldNext("/idempotency/begin");
        await using (var service = await fixture.StartServiceAsync())
        {
            var lost = service.OrderAsync(_key);
            await begun.Reached;
            await service.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
            begun.LetGo();
        }

        await using var next = await fixture.StartServiceAsync();
        Assert.True((await next.OrderAsync(_key)).Says("idempotency_in_progress"));
        await HeldAsync(next);
        Assert.Equal(0, Payments());
    }

    [Fact]
    public async Task Killed_BetweenEffectAndCompletion_ItIsPaidOnce_AndNotStartedAgain()
    {
        var paid = fixture.Payments.HoldNext("/payments");
        await using (var service = await fixture.StartServiceAsync())
        {
            var lost = service.OrderAsync(_key);
            await paid.Reached;
            await service.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
            paid.LetGo();
        }

        await using var next = await fixture.StartServiceAsync();
        await HeldAsync(next);
        Assert.Equal(1, Payments());
    }

    [Fact]
    public async Task Paused_BeyondItsLease_ItsCompletionIsRefused_OnceAnotherHasBegun()
    {
        await using var paused = await fixture.StartServiceAsync();
        await using var other = await fixture.StartServiceAsync();
        var paid = fixture.Payments.HoldNext("/payments");
        var late = paused.OrderAsync(_key);
        await paid.Reached;
        Signals.Send(paused.Id, Signals.Stop);
        await HeldAsync(other);
        // An operator who knows that the payment may be asked for again gives the key back.
        await fixture.ReleaseAsync(_key, epoch: 1);

        var second = await other.OrderAsync(_key);
        paid.LetGo();
        Signals.Send(paused.Id, Signals.Continue);
        var first = await late;

        Assert.Equal((201, false, false), (second.Status, second.IsReplayed, second.IsUnrecorded));
        Assert.Equal((201, true), (first.Status, first.IsUnrecorded));
        var again = await paused.OrderAsync(_key);
        Assert.Equal((201, second.Text, true), (again.Status, again.Text, again.IsReplayed));
        Assert.Equal("completed", await fixture.StateAsync(_key, epoch: 2));
    }

    [Fact]
    public async Task StoreLost_BeforeTheClaim_Is429_AndNothingIsPaid()
    {
        await using var service = await fixture.StartServiceAsync();
        await fixture.Redis.KillAsync();

        var refused = await service.OrderAsync(_key);
        await fixture.Redis.RestartAsync();

        Assert.True(refused.Status == 429 && refused.Says("service_overloaded"), refused.Text);
        Assert.Equal(0, Payments());
        await EventuallyAsync(async () => (await service.OrderAsync(_key)).Status == 201);
        Assert.Equal(1, Payments());
    }

    [Fact]
    public async Task StoreLost_AfterTheClaim_AndNothingWasDone_TheKeyIsGivenBackLater()
    {
        await using var service = await fixture.StartServiceAsync();
        var begun = fixture.Proxy.HoldNext("/idempotency/begin");
        var invalid = service.OrderAsync(_key, amount: 0);
        await begun.Reached;
        await fixture.Redis.KillAsync();
        begun.LetGo();

        Assert.Equal(400, (await invalid).Status);
        await fixture.Redis.RestartAsync();

        // Another order: as long as the first one has the key, it is refused.
        await EventuallyAsync(async () => (await service.OrderAsync(_key, amount: 3)).Status == 201);
        Assert.Equal(1, Payments());
    }

    [Fact]
    public async Task StoreLost_AtCompletion_TheCallerGetsTheAnswer_AndItIsRecordedLater()
    {
        await using var service = await fixture.StartServiceAsync();
        var paid = fixture.Payments.HoldNext("/payments");
        var order = service.OrderAsync(_key);
        await paid.Reached;
        await fixture.Redis.KillAsync();
        paid.LetGo();

        var first = await order;
        await fixture.Redis.RestartAsync();

        Assert.Equal((201, true), (first.Status, first.IsUnrecorded));
        await EventuallyAsync(async () => (await service.OrderAsync(_key)).IsReplayed);
        Assert.Equal(first.Text, (await service.OrderAsync(_key)).Text);
        Assert.Equal(1, Payments());
    }

    /// <summary>The provider is given the claim's own key: of nobody's scope, this endpoint and the order's key.</summary>
    private int Payments()
    {
        var handedOn = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"-1:12:POST /orders{_key}")));
        return fixture.Payments.Keys.Count(key => key == handedOn);
    }

    private Task HeldAsync(OrdersProcess service) =>
        EventuallyAsync(async () => (await service.OrderAsync(_key)).Says("idempotency_outcome_unknown"));

    private static Task EventuallyAsync(Func<Task<bool>> condition) => Eventually.HoldsAsync(condition, LeaseMax * 2);
}

/// <summary>A Redis, a Gatehouse, and what stands around the services of the tests.</summary>
public sealed class ServiceCrashFixture : IAsyncLifetime
{
    private const string Tenant = "shop";
    private const string Endpoint = "POST /orders";

    private readonly TempFolder _folder = new();
    private GatehouseProcess _gatehouse = null!;
    private string _apiKey = "";

    internal RedisServer Redis { get; private set; } = null!;

    internal HoldingServer Proxy { get; private set; } = null!;

    internal HoldingServer Payments { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        _gatehouse = await GatehouseProcess.StartAsync(_folder.Path, new Dictionary<string, string>(Redis.Settings)
        {
            // A limit that is not the subject here.
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
        });
        await _gatehouse.PutTenantAsync(Tenant);
        await _gatehouse.PutPolicyAsync(Tenant, "default", """{"limit":100000,"window":"00:01:00"}""");
        var (_, issued) = await _gatehouse.SendAsync(HttpMethod.Post, $"/v1/tenants/{Tenant}/api-keys",
            """{"scopes":["ratelimit:check","audit:write","idempotency:write"]}""");
        _apiKey = issued.GetProperty("key").GetString()!;
        Proxy = await HoldingServer.StartProxyAsync(_gatehouse.Client.BaseAddress!);
        Payments = await HoldingServer.StartPaymentsAsync();
    }

    internal Task<OrdersProcess> StartServiceAsync() =>
        OrdersProcess.StartAsync(Proxy.Address, Payments.Address, Tenant, _apiKey);

    internal async Task ReleaseAsync(string key, long epoch)
    {
        var (status, _) = await _gatehouse.SendAsync(HttpMethod.Post, $"/v1/tenants/{Tenant}/idempotency/release",
            JsonSerializer.Serialize(new { endpoint = Endpoint, key, epoch }));
        Assert.Equal(200, status);
    }

    internal async Task<string?> StateAsync(string key, long epoch)
    {
        var (_, entry) = await _gatehouse.SendAsync(
            HttpMethod.Get, $"/v1/tenants/{Tenant}/idempotency?endpoint={Uri.EscapeDataString(Endpoint)}&key={key}");
        Assert.Equal(epoch, entry.GetProperty("epoch").GetInt64());
        return entry.GetProperty("state").GetString();
    }

    public async ValueTask DisposeAsync()
    {
        await Payments.DisposeAsync();
        await Proxy.DisposeAsync();
        await _gatehouse.DisposeAsync();
        await Redis.DisposeAsync();
        _folder.Dispose();
    }
}

using System.Net;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Proxies;

/// <summary>What a client sees through a real nginx and a real Caddy that run the shipped configuration.</summary>
public class ForwardAuthTests(ForwardAuthSetup setup) : IClassFixture<ForwardAuthSetup>
{
    private const string Alice = "127.0.0.2";
    private const string Bob = "127.0.0.3";

    public static TheoryData<string> Proxies => ProxyServer.Kinds;

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Admitted_ReachesTheApplicationAsItWasSent(string kind)
    {
        await using var proxy = await ProxyServer.StartAsync(kind, await setup.NewTenantAsync(limit: 10));
        using var alice = proxy.ClientAt(Alice);

        // The proxy asks with its own method, query and no body; the application gets the client's.
        var target = $"/orders/{Guid.NewGuid()}?key=mine&cost=0";
        using var body = new StringContent("{}");
        using var answer = await alice.PostAsync(target, body);

        Assert.Equal("from the application", await answer.Content.ReadAsStringAsync());
        Assert.Equal("\"p\";q=10;w=3600", answer.Headers.GetValues("RateLimit-Policy").Single());
        Assert.StartsWith("\"p\";r=9;t=", answer.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        var arrived = setup.Application.Requests.Single(request => request.Target == target);
        Assert.Equal(("POST", "{}"), (arrived.Method, arrived.Body));
        Assert.DoesNotContain("X-Gatehouse-Key", arrived.HeaderNames, StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Refused_Is429WithRetryAfterAndStopsThere(string kind)
    {
        await using var proxy = await ProxyServer.StartAsync(kind, await setup.NewTenantAsync(limit: 2));
        using var alice = proxy.ClientAt(Alice);
        var target = $"/{Guid.NewGuid()}";
        Assert.Equal(HttpStatusCode.OK, (await alice.GetAsync(target)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await alice.GetAsync(target)).StatusCode);

        using var refused = await alice.GetAsync(target);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(63));
        Assert.Equal("\"p\";q=2;w=3600", refused.Headers.GetValues("RateLimit-Policy").Single());
        Assert.StartsWith("\"p\";r=0;t=", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\"status\":429", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("no-store", refused.Headers.CacheControl!.ToString());
        Assert.Equal(2, setup.Application.Requests.Count(request => request.Target == target));
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Client_WhateverItWrites_HasTheCounterOfItsAddress(string kind)
    {
        var tenant = await setup.NewTenantAsync(limit: 1);
        await using var proxy = await ProxyServer.StartAsync(kind, tenant);
        using var alice = proxy.ClientAt(Alice);
        using var bob = proxy.ClientAt(Bob);
        Assert.Equal(HttpStatusCode.OK, (await alice.GetAsync("/")).StatusCode);

        foreach (var (name, value) in new[]
        {
            ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", $"203.0.113.7, {Bob}"), ("X-Real-IP", "203.0.113.7"),
            ("Forwarded", "for=203.0.113.7"), ("X-Gatehouse-Key", "nonsense"), ("X-Gatehouse-Key", tenant.Key),
            ("Authorization", "Bearer nonsense"), ("Connection", "X-Forwarded-For, X-Gatehouse-Key"), ("Cookie", "a=b"),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/?cost=0&key=nonsense");
            request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await alice.SendAsync(request);
            Assert.Equal((HttpStatusCode.TooManyRequests, name), (answer.StatusCode, name));
        }

        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync("/")).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Fault_OfKeyOrPolicy_Is503AndNeverLooksLikeALimitOrALogin(string kind)
    {
        var good = await setup.NewTenantAsync(limit: 10);
        var other = await setup.NewTenantAsync(limit: 10);
        foreach (var broken in new[]
        {
            good with { Key = "gh_nonsense" }, good with { Key = other.Key }, good with { Policy = "no-such-policy" },
        })
        {
            await using var proxy = await ProxyServer.StartAsync(kind, broken);
            using var alice = proxy.ClientAt(Alice);

            using var answer = await alice.GetAsync("/");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Empty(answer.Headers.WwwAuthenticate);
            Assert.Null(answer.Headers.RetryAfter);
        }
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Application_AnsweringWithAnError_IsPassedOnUntouched(string kind)
    {
        await using var proxy = await ProxyServer.StartAsync(kind, await setup.NewTenantAsync(limit: 10));
        using var alice = proxy.ClientAt(Alice);
        foreach (var status in new[] { 401, 403, 404, 429, 500, 503 })
        {
            using var answer = await alice.GetAsync($"/{status}");

            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("from the application", await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Gatehouse_HungKilledOrGone_ClosesTheDoorUntilItIsBack()
    {
        using var folder = new TempFolder();
        await using var gatehouse = await GatehouseProcess.StartAsync(folder.Path);
        var tenant = await setup.NewTenantAsync(gatehouse, limit: 1000);
        await using var nginx = await ProxyServer.StartAsync("nginx", tenant);
        await using var caddy = await ProxyServer.StartAsync("caddy", tenant);
        using var throughNginx = nginx.ClientAt(Alice);
        using var throughCaddy = caddy.ClientAt(Alice);
        await ExpectAsync(HttpStatusCode.OK, HttpStatusCode.OK);

        Signals.Send(gatehouse.Id, Signals.Stop);
        await ExpectAsync(HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout);
        Signals.Send(gatehouse.Id, Signals.Continue);
        Assert.Equal(200, (await gatehouse.CheckAsync(tenant.Tenant, "p", "anybody")).Status);
        await ExpectAsync(HttpStatusCode.OK, HttpStatusCode.OK);
        await gatehouse.KillAsync();
        await ExpectAsync(HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadGateway);

        async Task ExpectAsync(HttpStatusCode byNginx, HttpStatusCode byCaddy)
        {
            var before = setup.Application.Requests.Count;
            var answers = await Task.WhenAll(throughNginx.GetAsync("/down"), throughCaddy.GetAsync("/down"));
            Assert.Equal((byNginx, byCaddy), (answers[0].StatusCode, answers[1].StatusCode));
            Assert.Equal(byNginx is HttpStatusCode.OK ? 2 : 0, setup.Application.Requests.Count - before);
        }
    }

    [Fact]
    public async Task Nginx_ToldToStayOpen_AdmitsWhileGatehouseIsGoneAndStillRefusesFaults()
    {
        (string, string) open = ("return 503;", "return 204;");
        var tenant = await setup.NewTenantAsync(limit: 10);
        var gone = tenant with { Gatehouse = new Uri($"http://127.0.0.1:{Ports.Free()}") };
        await using var orphan = await ProxyServer.StartAsync("nginx", gone, open);
        using var alice = orphan.ClientAt(Alice);

        using var admitted = await alice.GetAsync("/");

        Assert.Equal("from the application", await admitted.Content.ReadAsStringAsync());
        Assert.False(admitted.Headers.Contains("RateLimit"));
        await using var stranger = await ProxyServer.StartAsync("nginx", tenant with { Key = "gh_nonsense" }, open);
        using var bob = stranger.ClientAt(Bob);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bob.GetAsync("/")).StatusCode);
    }
}

using System.Net;
using System.Text;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Tests.Fixtures;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>The order at the door, and who the client is.</summary>
public class DoorTests
{
    private const string Path = "/v1/tenants/acme/rate-limits/default/check";

    [Fact]
    public async Task Request_WithoutCredential_Is401WhateverItsBody()
    {
        await using var host = await TestHost.StartAsync();
        using var large = new StringContent(new string('x', 70_000), Encoding.UTF8, "application/json");

        Assert.Equal(401, (await host.SendAsync(HttpMethod.Post, Path, null, large, TestHost.AskFirst)).Status);
        Assert.Equal(401, (await host.SendAsync(HttpMethod.Post, Path, null, "{ broken")).Status);
    }

    [Fact]
    public async Task Client_OverItsLimit_Is429BeforeTheCredentialIsLookedAt()
    {
        await using var host = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "5",
            ["Gatehouse:Http:FailedAuthenticationCost"] = "100",
        });

        // One guess costs itself and what a failure costs, or all that is left.
        Assert.Equal(401, (await host.SendAsync(HttpMethod.Post, Path, null, "{}")).Status);
        var refused = await host.SendAsync(HttpMethod.Post, Path, TestHost.AdminKey, "{}");

        Assert.Equal((429, "door_limited"), (refused.Status, refused.Code));
        Assert.Equal("1", refused.Headers["Retry-After"]);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live", null)).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/metrics", null)).Status);
    }

    [Fact]
    public async Task Tenant_OverItsLimit_Is429BeforeTheBodyIsParsed()
    {
        await using var host = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            ["Gatehouse:Http:TenantRequestsPerSecond"] = "1",
        });
        var tenant = await host.NewTenantAsync();
        var key = await host.NewKeyAsync(tenant);

        var answers = new List<Answer>();
        for (var i = 0; i < 5; i++)
        {
            answers.Add(await host.CheckAsync(tenant, key, "{ broken"));
        }

        Assert.Equal(400, answers[0].Status);
        Assert.Contains(answers, answer => answer.Code == "door_limited");
    }

    public static TheoryData<string[], string> ForwardedChains { get; } = new()
    {
        { [], "10.0.0.1" },
        { [""], "10.0.0.1" },
        { ["1.2.3.4"], "1.2.3.4" },
        { ["1.2.3.4, 5.6.7.8"], "5.6.7.8" },
        { ["1.2.3.4", "5.6.7.8"], "5.6.7.8" },
        { ["1.2.3.4, 10.0.0.2"], "1.2.3.4" },
        { ["9.9.9.9, 1.2.3.4, 10.0.0.2, 10.0.0.1"], "1.2.3.4" },
        { ["10.0.0.2"], "10.0.0.2" },
        { ["::ffff:1.2.3.4"], "1.2.3.4" },
        { ["2001:db8::7"], "2001:db8::7" },
        { ["1.2.3.4, garbage"], "10.0.0.1" },
        { ["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2" },
        { ["fe80::1%eth0"], "10.0.0.1" },
        { ["0x7f.1"], "10.0.0.1" },
        { ["1.2.3.4:80"], "10.0.0.1" },
        { ["1.2.3.4,"], "10.0.0.1" },
        { [string.Join(", ", Enumerable.Repeat("10.0.0.2", 100)) + ", 10.0.0.2"], "10.0.0.2" },
        { ["1.2.3.4, " + new string('a', 8192)], "10.0.0.1" },
    };

    [Theory]
    [MemberData(nameof(ForwardedChains))]
    public void Client_BehindTrustedProxies_IsTheFirstHopFromTheRightThatIsNone(string[] lines, string client)
    {
        var context = Request("10.0.0.1", lines);

        Assert.Equal(client, Resolver("10.0.0.1", "10.0.0.2").Resolve(context).ToString());
    }

    [Theory]
    [InlineData("198.51.100.9", "198.51.100.9")]
    [InlineData("::ffff:198.51.100.9", "198.51.100.9")]
    public void Client_WhosePeerIsNoTrustedProxy_IsThePeer(string peer, string client)
    {
        var context = Request(peer, ["1.2.3.4"]);

        Assert.Equal(client, Resolver("10.0.0.1").Resolve(context).ToString());
        Assert.Equal(client, Resolver().Resolve(context).ToString());
    }

    private static DefaultHttpContext Request(string peer, string[] lines)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        context.Request.Headers["X-Forwarded-For"] = lines;
        return context;
    }

    private static ClientAddressResolver Resolver(params string[] proxies)
    {
        var options = new HttpOptions();
        foreach (var proxy in proxies)
        {
            options.TrustedProxies.Add(proxy);
        }

        return new ClientAddressResolver(Options.Create(options));
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Gatehouse.ApiHost.Hosting;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>Bad input names field and rule, is never a 500, and changes nothing.</summary>
public class BadInputTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    public static TheoryData<string, string, string> BadPolicies { get; } = new()
    {
        { """{"limit":0,"window":"00:01:00"}""", "limit", "between 1 and 1000000000" },
        { """{"limit":-1,"window":"00:01:00"}""", "limit", "between 1 and 1000000000" },
        { """{"limit":1000000001,"window":"00:01:00"}""", "limit", "between 1 and 1000000000" },
        { """{"limit":1.5,"window":"00:01:00"}""", "limit", "must be an integer" },
        { """{"limit":"1","window":"00:01:00"}""", "limit", "must be an integer" },
        { """{"limit":99999999999999999999,"window":"00:01:00"}""", "limit", "must be an integer" },
        { """{"window":"00:01:00"}""", "limit", "is required" },
        { """{"limit":1}""", "window", "is required" },
        { """{"limit":1,"window":"00:00:00"}""", "window", "between 00:00:01 and 31.00:00:00" },
        { """{"limit":1,"window":"-00:01:00"}""", "window", "between 00:00:01 and 31.00:00:00" },
        { """{"limit":1,"window":"31.00:00:01"}""", "window", "between 00:00:01 and 31.00:00:00" },
        { """{"limit":1,"window":"00:00:01.0000001"}""", "window", "whole milliseconds" },
        { """{"limit":1,"window":"a minute"}""", "window", "must be a duration" },
        { """{"limit":1,"window":60}""", "window", "must be a duration" },
        { """{"limit":1,"window":"00:01:00","algorithm":"magic"}""", "algorithm", "sliding-window, token-bucket" },
        { """{"limit":1,"window":"00:01:00","algorithm":1}""", "algorithm", "sliding-window, token-bucket" },
        { """{"limit":1,"window":"00:01:00","mode":"off"}""", "mode", "enforce or shadow" },
        { """{"limit":1,"window":"00:01:00","onStoreFailure":"x"}""", "onStoreFailure", "reduced, deny or allow" },
        { """{"limit":1,"window":"00:01:00","global":{"mode":"on"}}""", "global.mode", "must be off or eventual" },
        { """{"limit":1,"window":"00:01:00","global":{"multiplier":0}}""", "global.multiplier", "between 1 and 1000" },
        { """{"limit":1,"window":"00:01:00","ipv6Prefix":129}""", "ipv6Prefix", "between 32 and 128" },
        { """{"limit":1,"window":"00:01:00","coldStart":{"factor":0}}""", "coldStart.factor", "above 0" },
        { """{"limit":1,"window":"00:01:00","coldStart":{"factor":"x"}}""", "coldStart.factor", "must be a number" },
        { """{"limit":1,"window":"00:01:00","coldStart":{"duration":"2.00:00:00"}}""", "coldStart.duration", "between" },
        { """{"limit":1,"window":"00:01:00","coldStart":null}""", "coldStart", "must not be null" },
        { """{"limit":1,"window":"00:01:00","allow":null}""", "allow", "must not be null" },
        { """{"limit":1,"window":"00:01:00","allow":[null]}""", "allow[0]", "must" },
        { """{"limit":1,"window":"00:01:00","allow":[1]}""", "allow[0]", "must be a string" },
        { """{"limit":1,"window":"00:01:00","deny":["10.0.0.1/8"]}""", "deny[0]", "10.0.0.0/8" },
        { """{"limit":1,"window":"00:01:00","overrides":[null]}""", "overrides[0]", "must not be null" },
        { """{"limit":1,"window":"00:01:00","overrides":[{"limit":1}]}""", "overrides[0]", "exactly one of" },
        { """{"limit":1,"window":"00:01:00","overrides":[{"cidr":"::1","limit":1}]}""", "overrides[0].cidr", "ipv6Prefix" },
        { """{"limit":1,"window":"00:01:00","limits":2}""", "limits", "is not a known field" },
        { """{"limit":1,"window":"00:01:00","Limit":2}""", "Limit", "is not a known field" },
        { """{"limit":1,"window":"00:01:00","coldStart":{"x":1}}""", "coldStart.x", "is not a known field" },
        { """{"limit":1,"window":"00:01:00","limit":2}""", "limit", "must be given once" },
        { """{"limit":1,"window":"00:01:00","coldStart":{"factor":1,"factor":1}}""", "coldStart.factor", "given once" },
        { """{"limit":1,"window":"00:01:00","name":"other"}""", "name", "must be the name in the path" },
        { """{"limit":1,"window":"00:01:00","name":"other" """, "body", "well-formed JSON" },
        { "[]", "body", "must be an object" },
        { "null", "body", "is missing" },
        { "", "body", "is missing" },
        { """{"allow":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", "allow[0]", "must be a string" },
    };

    public static TheoryData<string, string, string> BadChecks { get; } = new()
    {
        { "{}", "ip", "or subject is required" },
        { """{"ip":"203.0.113.7","subject":"a"}""", "ip", "only one of them" },
        { """{"ip":"203.0.113.7","cost":-1}""", "cost", "between 0 and 1000000000" },
        { """{"ip":"203.0.113.7","cost":1000000001}""", "cost", "between 0 and 1000000000" },
        { """{"ip":"203.0.113.7","cost":1e99}""", "cost", "must be an integer" },
        { """{"ip":"203.0.113.7","cost":"1"}""", "cost", "must be an integer" },
        { """{"ip":""}""", "ip", "must" },
        { """{"ip":"0x7f.1"}""", "ip", "must" },
        { """{"ip":"127.1"}""", "ip", "must" },
        { """{"ip":"010.0.0.1"}""", "ip", "must" },
        { """{"ip":"256.0.0.1"}""", "ip", "must" },
        { """{"ip":"203.0.113.7:80"}""", "ip", "must" },
        { """{"ip":"[::1]"}""", "ip", "must" },
        { """{"ip":" 203.0.113.7"}""", "ip", "must" },
        { """{"ip":"fe80::1%eth0"}""", "ip", "must not carry a zone id" },
        { """{"ip":"fe80::1%1"}""", "ip", "must not carry a zone id" },
        { """{"subject":""}""", "subject", "1 to 256 characters" },
        { """{"subject":"a\u0000b"}""", "subject", "control characters" },
        { """{"subject":"a\nb"}""", "subject", "control characters" },
        { """{"subject":"\ud800"}""", "subject", "must not hold a lone surrogate" },
        { """{"subject":"a","subject":"b"}""", "subject", "must be given once" },
        { """{"subject":"a","x":1}""", "x", "is not a known field" },
    };

    [Theory]
    [MemberData(nameof(BadPolicies))]
    public async Task PutPolicy_Bad_NamesFieldAndRuleAndChangesNothing(string body, string field, string rule)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.PutPolicyAsync(tenant, body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Fault.Field);
        Assert.Contains(rule, answer.Fault.Rule, StringComparison.Ordinal);
        var policies = await _host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/rate-limits", TestHost.AdminKey);
        Assert.Equal(1, policies.Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [MemberData(nameof(BadChecks))]
    public async Task Check_Bad_NamesFieldAndRule(string body, string field, string rule)
    {
        var answer = await _host.CheckAsync(await _host.NewTenantAsync(), TestHost.AdminKey, body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Fault.Field);
        Assert.Contains(rule, answer.Fault.Rule, StringComparison.Ordinal);
    }

    /// <summary>
    /// A connection that is lost behind a bad body is lost in one case of some thousands, so the cause is watched here:
    /// see <see cref="HttpHosting.ReadsStreams"/>.
    /// </summary>
    [Fact]
    public void Bodies_AreReadAsStreams() =>
        Assert.True(AppContext.TryGetSwitch(HttpHosting.ReadsStreams, out var isOn) && isOn);

    [Fact]
    public async Task Check_SubjectOf10KB_IsRefused()
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.CheckAsync(tenant, TestHost.AdminKey, $$"""{"subject":"{{new string('a', 10_240)}}"}""");

        Assert.Equal((400, "subject"), (answer.Status, answer.Fault.Field));
    }

    [Theory]
    [InlineData("no-such-tenant", "default", "tenant_not_found")]
    [InlineData("NOT A NAME", "default", "tenant_not_found")]
    [InlineData(null, "no-such-policy", "policy_not_found")]
    public async Task Check_UnknownTenantOrPolicy_Is404(string? tenant, string policy, string code)
    {
        tenant ??= await _host.NewTenantAsync();

        var answer = await _host.CheckAsync(Uri.EscapeDataString(tenant), TestHost.AdminKey, """{"subject":"a"}""", policy);

        Assert.Equal((404, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Body_Over64KiB_Is413()
    {
        var tenant = await _host.NewTenantAsync();
        using var content = new StringContent(new string(' ', 70_000), null, "application/json");

        var answer = await _host.SendAsync(
            HttpMethod.Post, CheckPath(tenant), TestHost.AdminKey, content, TestHost.AskFirst);

        Assert.Equal((413, "body_too_large", "body"), (answer.Status, answer.Code, answer.Fault.Field));
    }

    [Fact]
    public async Task Body_OfUnknownLengthOver64KiB_Is413()
    {
        var tenant = await _host.NewTenantAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _host.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();

        // One chunk above the limit and no end: there is nothing left that the host has not read when it refuses.
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {CheckPath(tenant)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TestHost.AdminKey}\r\n" +
            $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n{new string(' ', 0x10001)}"));
        using var reader = new StreamReader(stream);

        Assert.StartsWith("HTTP/1.1 413 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Contains("body_too_large", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData(null)]
    public async Task Body_OfAnotherType_Is415(string? type)
    {
        var tenant = await _host.NewTenantAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"subject":"a"}"""));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        var answer = await _host.SendAsync(
            HttpMethod.Post, CheckPath(tenant), TestHost.AdminKey, content);

        Assert.Equal((415, "unsupported_media_type"), (answer.Status, answer.Code));
        Assert.Equal("Content-Type", answer.Fault.Field);
    }

    [Fact]
    public async Task Body_OfInvalidUtf8_Is400()
    {
        var tenant = await _host.NewTenantAsync();
        using var content = new ByteArrayContent([.. "{\"subject\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        var answer = await _host.SendAsync(
            HttpMethod.Post, CheckPath(tenant), TestHost.AdminKey, content);

        Assert.Equal(400, answer.Status);
    }

    private static string CheckPath(string tenant) => $"/v1/tenants/{tenant}/rate-limits/default/check";
}

using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.RateLimiting;

/// <summary>Policies over HTTP.</summary>
public class PolicyTests(SharedHost shared)
{
    private const string Small = """{"limit":5,"window":"00:01:00"}""";

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Policy_WhatWasRead_CanBeWrittenBack()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.PutPolicyAsync(tenant, """
            {"limit":10,"window":"00:01:00","algorithm":"token-bucket","coldStart":{"duration":"00:01:00","factor":0.25},
             "onStoreFailure":"deny","mode":"shadow","ipv6Prefix":56,"allow":["192.0.2.0/24"],"deny":["2001:db8::/32"],
             "overrides":[{"cidr":"198.51.100.0/24","limit":1000},{"subject":"vip","limit":7,"window":"1.00:00:00"}]}
            """);
        var read = await Get(tenant, "p");

        var written = await _host.PutPolicyAsync(tenant, read.Text);

        Assert.Equal((200, read.Text), (written.Status, written.Text));
        Assert.Equal(("p", "api"), (Member(read, "name"), Member(read, "source")));
    }

    [Fact]
    public async Task Policy_OnlyLimitAndWindowGiven_HasTheDefaults()
    {
        var tenant = await _host.NewTenantAsync();

        var created = await _host.PutPolicyAsync(tenant, Small);

        Assert.Equal(201, created.Status);
        Assert.Equal(
            """
            {"name":"p","source":"api","limit":5,"window":"00:01:00","algorithm":"sliding-window",
            "coldStart":{"duration":"00:05:00","factor":0.5},"global":{"mode":"off","multiplier":2},
            "onStoreFailure":"reduced","mode":"enforce","ipv6Prefix":64,"allow":[],"deny":[],"overrides":[]}
            """.ReplaceLineEndings(""),
            created.Text);
    }

    [Fact]
    public async Task Policy_ConditionalWrites_HoldOrAre412()
    {
        var tenant = await _host.NewTenantAsync();
        var first = await Put(tenant, ("If-None-Match", "*"));
        Assert.Equal(201, first.Status);
        Assert.Equal(412, (await Put(tenant, ("If-None-Match", "*"))).Status);
        var second = await Put(tenant, ("If-Match", first.Headers["ETag"]));
        Assert.Equal(200, second.Status);
        Assert.NotEqual(first.Headers["ETag"], second.Headers["ETag"]);
        Assert.Equal(412, (await Put(tenant, ("If-Match", first.Headers["ETag"]))).Status);
    }

    [Fact]
    public async Task Policy_Deleted_IsGoneAndDefaultIsBuiltInAgain()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.PutPolicyAsync(tenant, Small);
        await _host.PutPolicyAsync(tenant, Small, "default");
        Assert.Equal("5", Member(await Get(tenant, "default"), "limit"));

        Assert.Equal(204, (await Delete(tenant, "p")).Status);
        Assert.Equal(204, (await Delete(tenant, "default")).Status);

        Assert.Equal((404, "policy_not_found"), ((await Get(tenant, "p")).Status, (await Get(tenant, "p")).Code));
        Assert.Equal(404, (await Delete(tenant, "p")).Status);
        Assert.Equal("100", Member(await Get(tenant, "default"), "limit"));
        Assert.Equal(404, (await _host.CheckAsync(tenant, TestHost.AdminKey, """{"subject":"a"}""", "p")).Status);
    }

    [Fact]
    public async Task List_IsPagedInTheOrderOfNames()
    {
        var tenant = await _host.NewTenantAsync();
        foreach (var name in new[] { "b", "a", "z", "e" })
        {
            await _host.PutPolicyAsync(tenant, Small, name);
        }

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var query = cursor is null ? "?limit=2" : $"?limit=2&cursor={cursor}";
            var page = await Admin(HttpMethod.Get, $"/v1/tenants/{tenant}/rate-limits{query}");
            names.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(p => p.GetProperty("name").GetString()!));
            cursor = page.Json.GetProperty("next").GetString();
        }
        while (cursor is not null);

        Assert.Equal(["a", "b", "default", "e", "z"], names);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("cursor=%00", "cursor")]
    public async Task List_WithABadPage_NamesTheField(string query, string field)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await Admin(HttpMethod.Get, $"/v1/tenants/{tenant}/rate-limits?{query}");

        Assert.Equal((400, field), (answer.Status, answer.Fault.Field));
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("-x")]
    [InlineData("a%22b")]
    public async Task Policy_WithABadName_IsRefused(string name)
    {
        var answer = await _host.PutPolicyAsync(await _host.NewTenantAsync(), Small, name);

        Assert.Equal((400, "name"), (answer.Status, answer.Fault.Field));
    }

    private Task<Answer> Admin(HttpMethod method, string path) => _host.SendAsync(method, path, TestHost.AdminKey);

    private Task<Answer> Get(string tenant, string policy) =>
        Admin(HttpMethod.Get, $"/v1/tenants/{tenant}/rate-limits/{policy}");

    private Task<Answer> Delete(string tenant, string policy) =>
        Admin(HttpMethod.Delete, $"/v1/tenants/{tenant}/rate-limits/{policy}");

    private Task<Answer> Put(string tenant, (string, string) header) => _host.SendAsync(
        HttpMethod.Put, $"/v1/tenants/{tenant}/rate-limits/p", TestHost.AdminKey,
        new StringContent(Small, null, "application/json"), header);

    private static string Member(Answer answer, string name) => answer.Json.GetProperty(name).ToString();
}

using Gatehouse.ApiHost.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.ApiHost.Tests.Tenants;

/// <summary>Tenants and their keys over HTTP.</summary>
public class TenantTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Tenant_IsCreatedOnceReadAndDisabled()
    {
        var tenant = TestHost.NewName();
        var path = $"/v1/tenants/{tenant}";
        Assert.Equal(404, (await Admin(HttpMethod.Get, path)).Status);

        Assert.Equal(201, (await Admin(HttpMethod.Put, path, "{}")).Status);
        Assert.Equal(200, (await Admin(HttpMethod.Put, path, "{}")).Status);
        var read = await Admin(HttpMethod.Get, path);
        Assert.Equal("active", read.Json.GetProperty("status").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", read.Json.GetProperty("createdAt").GetString());

        var key = await _host.NewKeyAsync(tenant);
        Assert.Equal(204, (await Admin(HttpMethod.Delete, path)).Status);
        Assert.Equal(401, (await _host.CheckAsync(tenant, key, """{"subject":"a"}""")).Status);
        Assert.Equal("disabled", (await Admin(HttpMethod.Get, path)).Json.GetProperty("status").GetString());
        Assert.Equal(200, (await Admin(HttpMethod.Put, path, "{}")).Status);
        Assert.Equal(200, (await _host.CheckAsync(tenant, key, """{"subject":"a"}""")).Status);
    }

    [Theory]
    [InlineData("UPPER")]
    [InlineData("-a")]
    [InlineData("a_b")]
    [InlineData("a%20b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Tenant_WithABadName_IsRefused(string name)
    {
        var answer = await Admin(HttpMethod.Put, $"/v1/tenants/{name}", "{}");

        Assert.Equal((400, "tenant"), (answer.Status, answer.Fault.Field));
    }

    [Fact]
    public async Task Tenant_ConditionalWrites_HoldOrAre412()
    {
        var path = $"/v1/tenants/{TestHost.NewName()}";
        var created = await Conditional(path, ("If-None-Match", "*"));
        Assert.Equal(201, created.Status);

        Assert.Equal((412, "precondition_failed"), Pair(await Conditional(path, ("If-None-Match", "*"))));
        Assert.Equal((412, "precondition_failed"), Pair(await Conditional(path, ("If-Match", "\"other\""))));
        Assert.Equal(200, (await Conditional(path, ("If-Match", created.Headers["ETag"]))).Status);
    }

    [Fact]
    public async Task ApiKey_IsShownOnceListedWithoutSecretAndRevokedAtOnce()
    {
        var tenant = await _host.NewTenantAsync();
        var path = $"/v1/tenants/{tenant}/api-keys";
        var issued = await Admin(HttpMethod.Post, path, """{"scopes":["ratelimit:check"],"expiresAt":null}""");
        var (id, key) = (issued.Json.GetProperty("id").GetString()!, issued.Json.GetProperty("key").GetString()!);
        Assert.StartsWith($"gh_{id}_", key, StringComparison.Ordinal);
        Assert.Equal(200, (await _host.CheckAsync(tenant, key, """{"subject":"a"}""")).Status);

        var list = await Admin(HttpMethod.Get, path);
        Assert.Equal(id, list.Json.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.DoesNotContain(key[^20..], list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", list.Text, StringComparison.OrdinalIgnoreCase);

        Assert.Equal(204, (await Admin(HttpMethod.Delete, $"{path}/{id}")).Status);
        Assert.Equal(204, (await Admin(HttpMethod.Delete, $"{path}/{id}")).Status);
        Assert.Equal(404, (await Admin(HttpMethod.Delete, $"{path}/{tenant}.none")).Status);
        var refused = await _host.CheckAsync(tenant, key, """{"subject":"a"}""");
        Assert.Equal(401, refused.Status);
        Assert.Contains("revoked", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"scopes":[]}""", "scopes")]
    [InlineData("""{"scopes":["everything"]}""", "scopes[0]")]
    [InlineData("""{"scopes":["ratelimit"],"expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt")]
    [InlineData("""{"scopes":["ratelimit"],"expiresAt":"tomorrow"}""", "expiresAt")]
    [InlineData("""{"scopes":"ratelimit"}""", "scopes")]
    public async Task ApiKey_Bad_NamesTheField(string body, string field)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await Admin(HttpMethod.Post, $"/v1/tenants/{tenant}/api-keys", body);

        Assert.Equal((400, field), (answer.Status, answer.Fault.Field));
    }

    [Fact]
    public async Task ApiKey_Expires()
    {
        var time = new SettableTime();
        await using var host = await TestHost.StartAsync(configure: builder =>
            builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time)));
        var tenant = await host.NewTenantAsync();
        var end = TimeProvider.System.GetUtcNow().AddHours(1).ToString("yyyy-MM-ddTHH:mm:ssZ", null);
        var key = await host.NewKeyAsync(tenant, expiresAt: $"\"{end}\"");
        Assert.Equal(200, (await host.CheckAsync(tenant, key, """{"subject":"a"}""")).Status);

        time.Offset = TimeSpan.FromHours(2);

        var refused = await host.CheckAsync(tenant, key, """{"subject":"a"}""");
        Assert.Equal(401, refused.Status);
        Assert.Contains("expired", refused.Text, StringComparison.Ordinal);
    }

    private Task<Answer> Admin(HttpMethod method, string path, string? body = null) =>
        _host.SendAsync(method, path, TestHost.AdminKey, body);

    private Task<Answer> Conditional(string path, (string, string) header) => _host.SendAsync(
        HttpMethod.Put, path, TestHost.AdminKey, new StringContent("{}", null, "application/json"), header);

    private static (int, string?) Pair(Answer answer) => (answer.Status, answer.Code);

    /// <summary>Real time that can be moved forward.</summary>
    private sealed class SettableTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}

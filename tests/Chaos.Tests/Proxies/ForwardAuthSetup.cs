using System.Globalization;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.Proxies;

/// <summary>One Gatehouse process and one application for all tests of this class; each test has a tenant.</summary>
public sealed class ForwardAuthSetup : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private int _tenants;

    internal GatehouseProcess Gatehouse { get; private set; } = null!;

    internal UpstreamApplication Application { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Gatehouse = await GatehouseProcess.StartAsync(_folder.Path);
        Application = await UpstreamApplication.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync();
        await Gatehouse.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A new tenant whose policy "p" admits as many per hour, and a key that may check and nothing else.</summary>
    internal Task<ProxySetup> NewTenantAsync(int limit) => NewTenantAsync(Gatehouse, limit);

    internal async Task<ProxySetup> NewTenantAsync(GatehouseProcess gatehouse, int limit)
    {
        var tenant = $"t{Interlocked.Increment(ref _tenants).ToString(CultureInfo.InvariantCulture)}";
        await gatehouse.PutTenantAsync(tenant);
        await gatehouse.PutPolicyAsync(tenant, "p",
            $$"""{"limit":{{limit}},"window":"01:00:00","coldStart":{"duration":"00:00:00"} }""");
        var issued = await gatehouse.SendAsync(
            HttpMethod.Post, $"/v1/tenants/{tenant}/api-keys", """{"scopes":["ratelimit:check"],"expiresAt":null}""");
        var key = issued.Body.GetProperty("key").GetString()!;
        return new ProxySetup(gatehouse.Client.BaseAddress!, Application.Address, key, tenant, "p");
    }
}

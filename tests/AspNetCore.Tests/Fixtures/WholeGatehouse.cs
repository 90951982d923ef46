using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.AspNetCore.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(WholeGatehouse))]

namespace Gatehouse.AspNetCore.Tests.Fixtures;

/// <summary>One Gatehouse for all tests; each has a tenant of its own.</summary>
public sealed class WholeGatehouse : IAsyncLifetime
{
    private const string AllScopes = "\"ratelimit\",\"audit\",\"idempotency:write\"";

    public TestHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // Services start and stop all the time in this process, and block threads with it.
        ThreadPool.SetMinThreads(64, 64);
        Host = await TestHost.StartAsync();
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A new tenant, and a key of it that may do everything the package does.</summary>
    public async Task<(string Tenant, string Key)> NewTenantAsync()
    {
        var tenant = await Host.NewTenantAsync();
        return (tenant, await Host.NewKeyAsync(tenant, AllScopes));
    }

    /// <summary>A service that uses it.</summary>
    public TestService Service(string tenant, string key, Action<GatehouseOptions>? configure = null) => new(options =>
    {
        options.Url = Host.Client.BaseAddress!;
        options.Tenant = tenant;
        options.ApiKey = key;
        // A machine that is busy with other tests is not to be taken for a lost Gatehouse.
        options.Check.AttemptTimeout = options.Check.TotalTimeout = TimeSpan.FromSeconds(30);
        options.Begin.AttemptTimeout = options.Begin.TotalTimeout = TimeSpan.FromSeconds(30);
        configure?.Invoke(options);
    });
}

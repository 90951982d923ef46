using Gatehouse.ApiHost.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(SharedHost))]

namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>One host for all tests that need no settings of their own; each test has tenants of its own.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // Hosts start and stop all the time in this process, and block threads with it. One host does not have that; its
        // requests would wait for threads, and say so.
        ThreadPool.SetMinThreads(64, 64);
        Host = await TestHost.StartAsync(new Dictionary<string, string?>
        {
            // The matrix fails to authenticate on purpose, and often.
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "0",
        });
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

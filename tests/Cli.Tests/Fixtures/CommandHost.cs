using System.Runtime.Versioning;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Cli.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(CommandHost))]
// Modes of files and signals, as the processes of Chaos.Tests need them.
[assembly: SupportedOSPlatform("linux")]

namespace Gatehouse.Cli.Tests.Fixtures;

/// <summary>One real host for all commands; each test has a tenant of its own.</summary>
public sealed class CommandHost : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public string Url => Host.Client.BaseAddress!.ToString();

    public async ValueTask InitializeAsync()
    {
        ThreadPool.SetMinThreads(32, 32);
        Host = await TestHost.StartAsync(new() { ["Gatehouse:Http:ClientRequestsPerSecond"] = "0" });
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>Runs a command as the admin, or with another key; an empty one is none.</summary>
    internal Task<CommandRun> RunAsync(
        IReadOnlyList<string> args, string? key = null, string? answers = null, CancellationToken cancellation = default) =>
        CommandRun.OfAsync(args, Environment(key), answers, cancellation);

    internal Dictionary<string, string> Environment(string? key = null) =>
        new() { ["GATEHOUSE_URL"] = Url, ["GATEHOUSE_KEY"] = key ?? TestHost.AdminKey };
}

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A real redis_exporter beside one Redis.</summary>
internal sealed class RedisExporter : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private RedisExporter(ServerProcess process, string address) => (_process, Address) = (process, address);

    /// <summary>What Prometheus is to scrape.</summary>
    public string Address { get; }

    public static async Task<RedisExporter> StartAsync(RedisServer redis)
    {
        var address = $"127.0.0.1:{Ports.Free()}";
        return new RedisExporter(
            await ServerProcess.StartAsync(
                "prometheus-redis-exporter", "prometheus-redis-exporter", "Providing metrics at",
                // A Redis that is stopped is to be told within a scrape, as one that is gone.
                [$"--web.listen-address={address}", "--connection-timeout=400ms", .. redis.ExporterArguments]),
            address);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}

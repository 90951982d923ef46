using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Storage;

/// <summary>Commands are measured as what they are for the server: by its own account.</summary>
public sealed class RedisCommandsTests
{
    [Fact]
    public async Task EveryCommand_IsCountedUnderTheNameThatTheServerCountsItUnder()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var redis = new RedisConnection(connection, Guards.New(GuardedStores.Data), new StorageMetrics(meters));
        using var measured = new Measured(meters);
        var admin = connection.GetServers()[0];
        await admin.ConfigResetStatisticsAsync();

        await redis.RunAsync(CallKind.Write, CallAllAsync);

        var counted = (await admin.InfoAsync("commandstats")).SelectMany(section => section)
            .ToDictionary(line => line.Key.Replace("cmdstat_", "", StringComparison.Ordinal).ToUpperInvariant(), Calls);
        // What a script calls itself is counted by the server, too, and what the client does of its own accord.
        Assert.All(measured.Names, name => Assert.True(counted[name.Key] >= name.Value, name.Key));
        Assert.Equal(14, measured.Names.Count);
        Assert.Equal((2, 1), (measured.Names["EVALSHA"], measured.Names["EVAL"]));
        Assert.Equal(["NOSCRIPT"], measured.Errors);
    }

    private static async Task<bool> CallAllAsync(RedisCommands redis)
    {
        RedisValue[] reservation = ["owner", 1, 81_000, 60_000, 0, 883_612_800, "", 883_612_830, 1];
        await redis.PingAsync();
        await redis.HashSetAsync("hash", "field", 1);
        await redis.HashGetAsync("hash", "field");
        await redis.HashGetAsync("hash", ["field", "other"]);
        await redis.HashGetAllAsync("hash");
        await redis.HashKeysAsync("hash");
        await redis.HashIncrementAsync("hash", "field");
        await redis.HashDeleteAsync("hash", "field");
        await redis.KeyExistsAsync("list");
        await redis.KeyDeleteAsync("list");
        await redis.ListLengthAsync("list");
        await redis.ListRangeAsync("list", 0, 1);
        // The server has never seen it.
        await RedisCeilingStore.Script.RunAsync(redis, ["ceiling"], reservation);
        await RedisCeilingStore.Script.RunAsync(redis, ["ceiling"], reservation);
        return true;
    }

    private static int Calls(KeyValuePair<string, string> line) => int.Parse(
        line.Value.Split(',')[0].Split('=')[1], CultureInfo.InvariantCulture);

    /// <summary>The operations that were measured, and how often each.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Measured(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "db.client.operation.duration" && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, labels, _) => Add(labels));
            _listener.Start();
        }

        public ConcurrentDictionary<string, int> Names { get; } = new();

        public ConcurrentQueue<string> Errors { get; } = new();

        public void Dispose() => _listener.Dispose();

        private void Add(ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            foreach (var (label, value) in labels)
            {
                switch (label)
                {
                    case "db.operation.name":
                        Names.AddOrUpdate((string)value!, 1, static (_, count) => count + 1);
                        break;
                    case "error.type":
                        Errors.Enqueue((string)value!);
                        break;
                }
            }
        }
    }
}

using System.Diagnostics.Metrics;
using System.Globalization;
using Gatehouse.Grains.RateLimiting.Ceilings;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using LuaScript = Gatehouse.Grains.Storage.LuaScript;

namespace Gatehouse.Benchmarks;

/// <summary>
/// What one operation on a subject's counts costs the store, by the store's own account of it: receiving the request and
/// sending the answer are not in it. And what it allocates in this process, measured as in a silo.
/// </summary>
internal static class StoreBenchmark
{
    private const int Calls = 4_000;
    private const int AtOnce = 20;
    private const int Buckets = 31;
    private const long Newest = 883_612_830;

    private static readonly StoreCalls Measured = new(
        "redis", "data",
        new StorageMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>())
            .Commands,
        TimeProvider.System);

    public static async Task<int> RunAsync()
    {
        await using var process = await RedisProcess.TryStartAsync();
        if (process is null)
        {
            Console.WriteLine("redis-server is not installed: nothing to measure.");
            return 0;
        }

        var redis = await ConnectionMultiplexer.ConnectAsync($"{process.ConnectionString},allowAdmin=true");
        Console.WriteLine($"{"",-48}{"fields",8}{"us/operation",14}{"bytes/operation",17}");
        using var listener = Listen();
        foreach (var buckets in new[] { 4, Buckets })
        {
            var title = $"reservation, {buckets} buckets in use";
            await redis.GetDatabase().KeyDeleteAsync("ceiling");
            await FillAsync(redis, "ceiling", buckets, bucket => $"{bucket}", ("w", "60000"));
            await MeasureAsync(redis, title, buckets + 2, (db, i) => RunAsync(
                db, RedisCeilingStore.Script, "ceiling", "owner", i + 1, 81_000, 60_000, 0, Newest - Buckets + 1, "", Newest, 1));
        }

        foreach (var regions in new[] { 1, 3, 10, 50 })
        {
            await MeasureExchangeAsync(redis, regions, 4);
            await MeasureExchangeAsync(redis, regions, Buckets);
        }

        await redis.DisposeAsync();
        return 0;
    }

    private static async Task MeasureExchangeAsync(ConnectionMultiplexer redis, int regions, int buckets)
    {
        await redis.GetDatabase().KeyDeleteAsync("global");
        for (var region = 0; region < regions; region++)
        {
            var of = region;
            await FillAsync(redis, "global", buckets, bucket => $"{bucket}|r{of}");
        }

        var title = $"exchange, {regions} regions, {buckets} buckets in use";
        await MeasureAsync(redis, title, regions * buckets, (db, i) => RunAsync(
            db, RedisGlobalCountStore.Script, "global", "r0", Newest - Buckets, 81_000, Newest, 2 + i));
    }

    private static Task<RedisResult> RunAsync(IDatabase database, LuaScript script, RedisKey key, params RedisValue[] values) =>
        script.RunAsync(new RedisCommands(database, Measured), [key], values);

    private static Task FillAsync(
        ConnectionMultiplexer redis, RedisKey key, int buckets, Func<long, string> field, params (string, string)[] more) =>
        redis.GetDatabase().HashSetAsync(key, [
            .. Enumerable.Range(0, buckets).Select(back => new HashEntry(field(Newest - back), 1)),
            .. more.Select(entry => new HashEntry(entry.Item1, entry.Item2))]);

    private static async Task MeasureAsync(
        ConnectionMultiplexer redis, string title, int fields, Func<IDatabase, int, Task> call)
    {
        var (database, server) = (redis.GetDatabase(), redis.GetServers()[0]);
        // The first call loads the script.
        await call(database, 0);
        await server.ConfigResetStatisticsAsync();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var first = 1; first < Calls; first += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(first, AtOnce).Select(i => call(database, i)));
        }

        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / Calls;
        var spent = (await server.InfoAsync("commandstats")).SelectMany(section => section)
            .First(line => line.Key == "cmdstat_evalsha").Value.Split(',')
            .First(part => part.StartsWith("usec_per_call=", StringComparison.Ordinal)).Split('=')[1];
        var microseconds = double.Parse(spent, CultureInfo.InvariantCulture);
        Console.WriteLine($"{title,-48}{fields,8:N0}{microseconds,14:N1}{bytes,17:N0}");
    }

    /// <summary>Somebody who wants to know how long calls take, as the exporter of every process does.</summary>
    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == StorageMetrics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }
}

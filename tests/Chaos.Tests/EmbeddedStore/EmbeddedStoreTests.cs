using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.EmbeddedStore;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.EmbeddedStore;

/// <summary>The embedded store keeps what it acknowledged, and keeps others out.</summary>
public class EmbeddedStoreTests
{
    [Fact]
    public async Task Store_WithoutThePassword_AnswersNobody()
    {
        using var folder = new TempFolder();
        await using var store = Start(folder);
        var open = store.ConnectionString.Split(',')[0];

        await Assert.ThrowsAsync<RedisConnectionException>(
            async () => await ConnectionMultiplexer.ConnectAsync($"{open},connectTimeout=2000,connectRetry=1"));
        await using var known = await ConnectionMultiplexer.ConnectAsync(store.ConnectionString);
        Assert.True((await known.GetDatabase().PingAsync()) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Store_MoreDataThanMemory_IsAllThere_AlsoAfterARestart()
    {
        const int Count = 300;
        var value = new string('x', 100_000);
        using var folder = new TempFolder();
        await using (var store = Start(folder, memoryMiB: 16))
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(store.ConnectionString);
            for (var i = 0; i < Count; i++)
            {
                await redis.GetDatabase().StringSetAsync($"k{i}", value + i);
            }

            await ExpectAsync(redis);
            await redis.GetDatabase().ExecuteAsync("COMMITAOF");
        }

        await using var again = Start(folder, memoryMiB: 16);
        await using var later = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        await ExpectAsync(later);

        async Task ExpectAsync(ConnectionMultiplexer redis)
        {
            for (var i = 0; i < Count; i++)
            {
                Assert.Equal(value + i, (string?)await redis.GetDatabase().StringGetAsync($"k{i}"));
            }
        }
    }

    [Fact]
    public async Task Scripts_OnOneKeyAtOnce_LoseNothing()
    {
        const string Script = "local n = tonumber(redis.call('GET', KEYS[1]) or '0') redis.call('SET', KEYS[1], n + 1) return n";
        using var folder = new TempFolder();
        await using var store = Start(folder);
        await using var first = await ConnectionMultiplexer.ConnectAsync(store.ConnectionString);
        await using var second = await ConnectionMultiplexer.ConnectAsync(store.ConnectionString);

        await Task.WhenAll(Enumerable.Range(0, 2000).SelectMany(_ => new[] { first, second })
            .Select(redis => redis.GetDatabase().ScriptEvaluateAsync(Script, [(RedisKey)"n"])));

        Assert.Equal(4000, (int)await first.GetDatabase().StringGetAsync("n"));
    }

    [Fact]
    public async Task Folder_InUseOrNotWritable_IsNamed()
    {
        using var folder = new TempFolder();
        await using var store = Start(folder);

        var inUse = Assert.Throws<InvalidOperationException>(() => Start(folder));
        Assert.Contains(folder.Path, inUse.Message, StringComparison.Ordinal);

        var file = Path.Combine(folder.Path, "a-file");
        File.WriteAllText(file, "");
        var notAFolder = Assert.Throws<InvalidOperationException>(() => EmbeddedRedis.Start(
            new EmbeddedRedisOptions { DataDirectory = Path.Combine(file, "store") }, NullLoggerFactory.Instance));
        Assert.Contains(file, notAFolder.Message, StringComparison.Ordinal);
    }

    private static EmbeddedRedis Start(TempFolder folder, int memoryMiB = 64) => EmbeddedRedis.Start(
        new EmbeddedRedisOptions { DataDirectory = folder.Path, MemoryMiB = memoryMiB }, NullLoggerFactory.Instance);
}

using Gatehouse.Chaos.Tests.Processes;
using StackExchange.Redis;

namespace Gatehouse.Chaos.Tests.Overload;

/// <summary>Ways in which a Redis does not do what it is asked, and back.</summary>
internal sealed class StoreFaults(RedisServer redis, IDatabase admin)
{
    private IConnectionMultiplexer? _busy;

    public static TheoryData<string, int> Kinds
    {
        get
        {
            var kinds = new TheoryData<string, int>();
            foreach (var kind in new[] { "stopped", "killed", "out_of_memory", "busy", "read_only", "loading" })
            {
                kinds.Add(kind, 150);
                kinds.Add(kind, 1_000);
            }

            return kinds;
        }
    }

    public async Task BeginAsync(string kind)
    {
        switch (kind)
        {
            case "stopped":
                await redis.PauseAsync();
                break;
            case "killed":
                await redis.KillAsync();
                break;
            case "out_of_memory":
                await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
                break;
            case "busy":
                await admin.ExecuteAsync("CONFIG", "SET", "busy-reply-threshold", "100");
                // On a connection of its own: what is sent after it would wait behind it.
                _busy = await redis.ConnectAsync();
                await _busy.GetDatabase().ExecuteAsync("EVAL", ["while true do end", 0], CommandFlags.FireAndForget);
                break;
            case "loading":
                // Some seconds' worth of keys.
                await admin.ExecuteAsync("EVAL", "for i = 1, 8000 do redis.call('SET', 'x' .. i, 'y') end", 0);
                await redis.RestartLoadingAsync(microsecondsPerKey: 100);
                break;
            default:
                // Of a master that nobody is: it keeps its data, and refuses every write.
                await admin.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
                break;
        }
    }

    public async Task EndAsync(string kind)
    {
        switch (kind)
        {
            case "stopped":
                await redis.ContinueAsync();
                break;
            case "killed":
                await redis.RestartAsync();
                break;
            case "out_of_memory":
                await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
                break;
            case "busy":
                // Past the client library: where it lost its connection, it does not get another one from a server
                // that answers its greeting with BUSY.
                Assert.StartsWith("+OK\r\n+OK", await redis.SendAsync("SCRIPT KILL"), StringComparison.Ordinal);
                await _busy!.DisposeAsync();
                break;
            case "loading":
                await Eventually.HoldsAsync(IsLoadedAsync, TimeSpan.FromSeconds(30));
                break;
            default:
                await admin.ExecuteAsync("REPLICAOF", "NO", "ONE");
                break;
        }
    }

    private async Task<bool> IsLoadedAsync()
    {
        try
        {
            await admin.ExecuteAsync("EXISTS", "x1");
            return true;
        }
        catch (RedisException)
        {
            return false;
        }
    }
}

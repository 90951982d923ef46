using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Silo;
using StackExchange.Redis;

namespace Gatehouse.Cli.Doctor;

/// <summary>One connection string and what it is used for.</summary>
internal sealed record RedisUse(string ConnectionString, IReadOnlyList<RedisRole> Roles)
{
    /// <summary>The connections that a process of these settings opens, those of one user together.</summary>
    public static IReadOnlyList<RedisUse> Of(GatehouseOptions options, string? global)
    {
        var uses = new List<(string? Text, RedisRole Role)> { (global, RedisRole.Global) };
        if (!options.HasEmbeddedStore && options.Redis.ConnectionString is { Length: > 0 } data)
        {
            var isClient = options.Topology is Topology.Client;
            uses.Insert(0, (data, isClient ? RedisRole.Changes : RedisRole.Data));
            uses.Insert(1, (isClient ? null : options.Redis.StateConnectionString ?? data, RedisRole.State));
            uses.Insert(2, (options.Topology is Topology.Embedded ? null
                : options.Redis.MembershipConnectionString ?? data, RedisRole.Membership));
        }

        // One that cannot be read is a fault of the settings, and said there.
        return [.. uses.Where(static use => use.Text is { Length: > 0 } text && IsReadable(text))
            .GroupBy(static use => use.Text!)
            .Select(static group => new RedisUse(group.Key, [.. group.Select(static use => use.Role)]))];
    }

    /// <summary>What is wrong with the one connection string that the host itself does not look at when it starts.
    /// </summary>
    public static IEnumerable<string> FaultsOf(string? global) => string.IsNullOrEmpty(global) || IsReadable(global)
        ? []
        : ["Gatehouse:GlobalRedis:ConnectionString must be as StackExchange.Redis reads it, such as redis-1:6379."];

    private static bool IsReadable(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text).EndPoints.Count > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

/// <summary>What one use of a Redis told.</summary>
/// <param name="User">About the user.</param>
/// <param name="Servers">About the servers.</param>
/// <param name="RingsByKek">About the key rings; null where it is not the user that knows.</param>
internal sealed record RedisReport(
    RedisUserFacts User, IReadOnlyList<RedisServerFacts> Servers, IReadOnlyDictionary<string, int>? RingsByKek);

/// <summary>Asks a Redis what can be asked without changing anything.</summary>
internal sealed class RedisProbe(string region, TimeSpan timeout, TimeProvider time)
{
    // Asked inside a script, because users of this product may neither read nor try the rules that hold for them.
    private const string Allowed = """
        local answers = {}
        for i, text in ipairs(ARGV) do
          local known, allowed = pcall(redis.acl_check_cmd, unpack(cjson.decode(text)))
          answers[i] = known and (allowed and 1 or 0) or -1
        end
        return answers
        """;

    private static readonly string[] Refusals = ["WRONGPASS", "NOAUTH", "authentication"];

    public async Task<RedisReport> AskAsync(RedisUse use)
    {
        var options = ConfigurationOptions.Parse(use.ConnectionString);
        var user = new RedisUserFacts
        {
            Roles = use.Roles,
            Needs = use.Roles.SelectMany(role => RedisNeeds.Of(role, region)).ToHashSet(),
            Address = string.Join(", ", options.EndPoints.Select(Text)),
            User = string.IsNullOrEmpty(options.User) ? null : options.User,
            HasTls = options.Ssl,
            IsLoopback = options.EndPoints.All(IsLoopback),
        };
        try
        {
            await using var connection = await ConnectAsync(options);
            var servers = new List<RedisServerFacts>();
            foreach (var server in Masters(connection))
            {
                servers.Add(await new RedisServerProbe(server, time).AskAsync(use.Roles) with
                {
                    IsOpen = await IsOpenAsync(options, server.EndPoint),
                });
            }

            var database = connection.GetDatabase();
            return new RedisReport(
                await WithPermissionsAsync(user, database), servers,
                use.Roles.Contains(RedisRole.Data) ? await RingsAsync(database) : null);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            return new RedisReport(user with { Failure = Why(failure) }, [], null);
        }
    }

    private static string Text(EndPoint endPoint) =>
        endPoint is DnsEndPoint name ? $"{name.Host}:{name.Port}" : $"{endPoint}";

    private static bool IsLoopback(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint address => IPAddress.IsLoopback(address.Address),
        DnsEndPoint name => name.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase),
        // A socket of this machine's.
        _ => true,
    };

    private static List<IServer> Masters(ConnectionMultiplexer connection)
    {
        var connected = connection.GetServers().Where(static server => server.IsConnected).ToList();
        var masters = connected.Where(static server => !server.IsReplica).ToList();
        return masters.Count > 0 ? masters : connected;
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(ConfigurationOptions options)
    {
        var milliseconds = (int)timeout.TotalMilliseconds;
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = options.AsyncTimeout = options.SyncTimeout = milliseconds;
        options.AllowAdmin = true;
        options.ClientName = "gatehouse-doctor";
        // As the product has it: neither key nor channel outside its own.
        options.TieBreaker = options.ConfigurationChannel = "";
        return await ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>Whether the server lets in who has no password.</summary>
    private async Task<bool?> IsOpenAsync(ConfigurationOptions options, EndPoint endPoint)
    {
        var anyone = options.Clone();
        (anyone.User, anyone.Password) = (null, null);
        anyone.EndPoints.Clear();
        anyone.EndPoints.Add(endPoint);
        try
        {
            await using var connection = await ConnectAsync(anyone);
            await connection.GetDatabase().PingAsync();
            return true;
        }
        catch (Exception refused) when (refused is RedisException or TimeoutException)
        {
            return IsAuthentication(refused) ? false : null;
        }
    }

    private async Task<RedisUserFacts> WithPermissionsAsync(RedisUserFacts user, IDatabase database)
    {
        RedisPermission[] asked = [.. user.Needs.Concat(RedisNeeds.Dangers([.. user.Roles], region)).Distinct()];
        try
        {
            var answer = (int[])(await database.ExecuteAsync(
                "EVAL", [Allowed, "0", .. asked.Select(static one => JsonSerializer.Serialize(one.Words))]))!;
            return user with
            {
                // A command that the server does not know can be sent by nobody.
                Permissions = asked.Zip(answer)
                    .ToDictionary(static pair => pair.First, static pair => pair.Second == 1),
            };
        }
        catch (RedisServerException refused)
        {
            return user with { PermissionsUnknown = Word(refused) is "NOPERM" ? "it may not run a script"
                : "the server cannot say it (redis.acl_check_cmd is of Redis 7.0)" };
        }
    }

    private static async Task<IReadOnlyDictionary<string, int>?> RingsAsync(IDatabase database)
    {
        try
        {
            var rings = await database.HashGetAllAsync(RedisKeyRingStore.Keks);
            return rings
                .SelectMany(static ring => ((string)ring.Value!).Split(',', StringSplitOptions.RemoveEmptyEntries))
                .GroupBy(static kek => kek).ToDictionary(static kek => kek.Key, static kek => kek.Count());
        }
        catch (RedisServerException)
        {
            // Not permitted; the permissions say so.
            return null;
        }
    }

    private static string Word(Exception failure) => failure.Message.Split(' ')[0];

    private static bool IsAuthentication(Exception failure) =>
        failure is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure }
        || Refusals.Any(word => failure.ToString().Contains(word, StringComparison.Ordinal));

    /// <summary>In words of our own: the client's can be long, and repeat the connection string.</summary>
    private string Why(Exception failure)
    {
        if (IsAuthentication(failure))
        {
            return "the user or the password is refused";
        }

        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException socket)
            {
                return socket.Message;
            }
        }

        return failure.ToString().Contains("NOPERM", StringComparison.Ordinal)
            ? "it may not even greet the server"
            : $"nobody listens there, or nobody answers within {timeout.TotalSeconds:0.###} s";
    }
}

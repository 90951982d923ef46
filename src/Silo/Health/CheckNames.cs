namespace Gatehouse.Silo.Health;

/// <summary>The names of the health checks, as settings, metrics and answers spell them.</summary>
internal static class CheckNames
{
    /// <summary>Whether this silo is an active member of its cluster.</summary>
    public const string Silo = "silo";

    /// <summary>Whether this client is connected to a silo.</summary>
    public const string Gateways = "gateways";

    /// <summary>Whether the membership table is there and names this silo.</summary>
    public const string Membership = "membership";

    /// <summary>The regional Redis: data and grain state.</summary>
    public const string Redis = "redis";

    /// <summary>The Redis that all regions reach.</summary>
    public const string GlobalRedis = "redis-global";

    /// <summary>The database of the audit archive.</summary>
    public const string Archive = "archive";

    /// <summary>A message to the regional Redis and back.</summary>
    public const string Changes = "changes";

    /// <summary>This process's clock beside the store's.</summary>
    public const string Clock = "clock";

    /// <summary>Whether the regional Redis keeps what it is given.</summary>
    public const string Persistence = "persistence";

    /// <summary>All of them; no process has each.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Silo, Gateways, Membership, Redis, GlobalRedis, Archive, Changes, Clock, Persistence];
}

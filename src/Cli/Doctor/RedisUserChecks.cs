namespace Gatehouse.Cli.Doctor;

/// <summary>Whether each user of a Redis gets there, may do what it has to, and nothing that it should not.</summary>
internal static class RedisUserChecks
{
    private const string Guide = "docs/operations/redis.md#users";

    public static IEnumerable<Finding> Of(RedisUserFacts user)
    {
        var check = $"redis {Words(user.Roles)}";
        if (user.Failure is { } failure)
        {
            yield return Finding.Fail(
                check, $"{user.Address} as {user.Name}: {failure}",
                "check the address, the user and the password in the connection string, and that the server is up");
        }
        else
        {
            yield return Finding.Ok(check, $"{user.Address} answers, as {user.Name}");
            foreach (var finding in Permissions(check, user))
            {
                yield return finding;
            }
        }

        if (!user.HasTls && !user.IsLoopback)
        {
            yield return Finding.Warn(
                check, $"{user.Address} is another machine, and the connection is not encrypted",
                "add ssl=true to the connection string and a tls-port to the server, or keep the network to yourself");
        }
    }

    /// <summary>Whether the parts are kept apart.</summary>
    public static IEnumerable<Finding> OfAll(IReadOnlyList<RedisUserFacts> users)
    {
        if (users.Count == 0)
        {
            yield return Finding.Ok(
                "redis", "none outside: the store is in the process, and 'gatehouse health' tells of it");
        }

        foreach (var user in users.Where(static user =>
            user.Roles.Contains(RedisRole.Data)
            && (user.Roles.Contains(RedisRole.State) || user.Roles.Contains(RedisRole.Membership))))
        {
            yield return Finding.Warn(
                "redis users", $"{user.Name} is one user for {Words(user.Roles)}: who takes one part has them all",
                $"give each part a user of its own ({Guide})");
        }
    }

    private static IEnumerable<Finding> Permissions(string check, RedisUserFacts user)
    {
        if (user.Permissions is not { } known)
        {
            yield return Finding.Warn(
                check, $"what {user.Name} may do is not known: {user.PermissionsUnknown}",
                "Redis 7.0 or newer and the permission to run scripts are needed, by the product too");
            yield break;
        }

        var (missing, excess) = (user.Missing(known), user.Excess(known));
        if (missing.Count > 0)
        {
            yield return Finding.Fail(
                check, $"{user.Name} may not {string.Join(", ", missing)}",
                $"give it the permissions of deploy/redis/users.acl ({Guide})");
        }

        if (excess.Count > 0)
        {
            yield return Finding.Warn(
                check, $"{user.Name} may more than it needs: {string.Join(", ", excess)}",
                $"take the permissions of deploy/redis/users.acl ({Guide})");
        }

        if (missing.Count + excess.Count == 0)
        {
            yield return Finding.Ok(check, $"{user.Name} may do what it needs, and nothing that was tried beyond that");
        }
    }

    private static string Words(IEnumerable<RedisRole> roles) =>
        string.Join(", ", roles.Select(static role => $"{role}".ToLowerInvariant()));

    private static List<string> Missing(
        this RedisUserFacts user, IReadOnlyDictionary<RedisPermission, bool> known) =>
        Commands(known.Where(permission => !permission.Value && user.Needs.Contains(permission.Key)));

    private static List<string> Excess(
        this RedisUserFacts user, IReadOnlyDictionary<RedisPermission, bool> known) =>
        Commands(known.Where(permission => permission.Value && !user.Needs.Contains(permission.Key)));

    private static List<string> Commands(IEnumerable<KeyValuePair<RedisPermission, bool>> permissions) =>
        [.. permissions.Select(static permission => Short(permission.Key)).Distinct()];

    /// <summary>The command, and the key or channel where it is about one.</summary>
    private static string Short(RedisPermission permission)
    {
        var key = permission.Words.FirstOrDefault(static word => word.StartsWith("gatehouse", StringComparison.Ordinal)
            || word.StartsWith("idempotency", StringComparison.Ordinal));
        var isTwo = permission.Words[0] is "CONFIG" or "SCRIPT" or "ACL" or "DEBUG";
        var command = isTwo ? $"{permission.Words[0]} {permission.Words[1]}" : permission.Words[0];
        return key is null ? command : $"{command} {key}";
    }
}

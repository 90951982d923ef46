using System.Text;
using Dapper;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>The statement that finds entries: conditions from a fixed list, values as parameters only.</summary>
internal static class ArchiveSearch
{
    /// <summary>What all statements on a chain's rows name it by.</summary>
    public const string ChainId = "(SELECT id FROM chains WHERE region = @Region AND tenant = @Tenant)";

    /// <summary>
    /// The place of the first entry that was recorded then or later. Along a chain that time never goes back, so what
    /// was recorded within a period lies side by side.
    /// </summary>
    public const string FirstSince = $"""
        SELECT seq FROM entries WHERE chain_id = {ChainId} AND recorded_at >= @At ORDER BY recorded_at, seq LIMIT 1
        """;

    /// <summary>Finds them from a place on, up to before another one.</summary>
    /// <param name="region">The region.</param>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="filter">What they have to fit.</param>
    /// <param name="from">The first place.</param>
    /// <param name="end">The place after the last one.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="walk">How the database is told which index to walk along; null: that of the places.</param>
    public static (string Sql, DynamicParameters Values) Find(
        string region, string tenant, AuditFilter filter, long from, long end, int count, Func<string?, string> walk)
    {
        var values = new DynamicParameters(
            new { Region = region, Tenant = tenant, From = from, End = end, Count = count });
        var given = Texts(filter).Where(static text => text.Value is not null).ToList();
        // The first of them tells the most.
        var index = given.Count == 0 ? null : $"entries_{given[0].Column}";
        var sql = new StringBuilder($"""
            SELECT bytes FROM entries{walk(index)} WHERE chain_id = {ChainId} AND seq >= @From AND seq < @End
            """);
        foreach (var (column, value) in given)
        {
            sql.Append(" AND ").Append(column).Append(" = @").Append(column);
            values.Add(column, value);
        }

        // Looked up before, as places; here so that the answer is right whatever the clocks did. The sign keeps the
        // index of the times out of it, whose rows would have to be sorted.
        Time(" AND +recorded_at >= @Since", "Since", filter.Since);
        Time(" AND +recorded_at < @Until", "Until", filter.Until);
        return (sql.Append(" ORDER BY seq LIMIT @Count").ToString(), values);

        void Time(string condition, string name, DateTimeOffset? time)
        {
            if (time is { } given)
            {
                sql.Append(condition);
                values.Add(name, Milliseconds(given));
            }
        }
    }

    /// <summary>Whether any entry could fit. PostgreSQL refuses U+0000, which no entry has, in a text.</summary>
    public static bool IsPossible(AuditFilter filter) =>
        !(filter.Since >= filter.Until)
        && Texts(filter).All(static text => text.Value?.Contains('\0', StringComparison.Ordinal) is not true);

    /// <summary>The first whole millisecond that is not before that time; entries have whole ones.</summary>
    public static long Milliseconds(DateTimeOffset time) =>
        time.ToUnixTimeMilliseconds() + (time.Ticks % TimeSpan.TicksPerMillisecond == 0 ? 0 : 1);

    private static (string Column, string? Value)[] Texts(AuditFilter filter) =>
    [
        ("resource_id", filter.ResourceId),
        ("actor_id", filter.ActorId),
        ("action", filter.Action),
        ("resource_type", filter.ResourceType),
        ("actor_type", filter.ActorType),
        ("outcome", filter.Outcome is { } outcome ? AuditEntry.Name(outcome) : null),
    ];
}

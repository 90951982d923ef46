using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>An entry as a row: its bytes, its place in the chain, and what it is searched by.</summary>
internal sealed record EntryRow(
    long Seq, byte[] PrevHash, byte[] Hash, long RecordedAt, string ActorType, string ActorId, string Action,
    string? ResourceType, string? ResourceId, string Outcome, byte[] Bytes)
{
    /// <summary>Reads the entries that lead from one end of a chain to another.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    /// <exception cref="FormatException">One of them is not an entry.</exception>
    public static IReadOnlyList<EntryRow> ReadAll(
        string tenant, ChainEnd before, ChainEnd next, IReadOnlyList<byte[]> entries)
    {
        var (rows, previous) = (new EntryRow[entries.Count], Convert.FromHexString(before.Hash));
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i] = Read(tenant, entries[i]);
            if (row.Seq != before.Size + i || !row.PrevHash.AsSpan().SequenceEqual(previous))
            {
                throw new ArgumentException($"Entry {row.Seq} does not follow the one before it.", nameof(entries));
            }

            previous = row.Hash;
        }

        return next.Size == before.Size + rows.Length
            && previous.AsSpan().SequenceEqual(Convert.FromHexString(next.Hash))
            ? rows
            : throw new ArgumentException("The entries do not lead to that end.", nameof(next));
    }

    private static EntryRow Read(string tenant, byte[] bytes)
    {
        var (entry, owner, previous, recordedAt) = AuditEntry.Read(bytes);
        if (owner != tenant)
        {
            throw new ArgumentException($"Entry {entry.Seq} is of another tenant.", nameof(bytes));
        }

        try
        {
            using var json = JsonDocument.Parse(bytes);
            var root = json.RootElement;
            var (actorType, actorId) = Party(root.GetProperty("actor"));
            var (resourceType, resourceId) = root.TryGetProperty("resource", out var resource)
                ? Party(resource) : default((string?, string?));
            return new EntryRow(
                entry.Seq, Convert.FromHexString(previous), entry.Hash, recordedAt.ToUnixTimeMilliseconds(),
                actorType, actorId, Text(root, "action"), resourceType, resourceId, Text(root, "outcome"), bytes);
        }
        catch (Exception broken) when (broken is KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("It is not an entry of an audit chain.", broken);
        }
    }

    private static (string Type, string Id) Party(JsonElement party) => (Text(party, "type"), Text(party, "id"));

    private static string Text(JsonElement entry, string name) =>
        entry.GetProperty(name).GetString() ?? throw new FormatException($"An entry's {name} is a text.");
}

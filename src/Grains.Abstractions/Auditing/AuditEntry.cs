using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// One entry of a chain, format version 1: canonical JSON (RFC 8785) of all that is known of the event and of its
/// place. Those bytes are stored, exported and hashed as they are.
/// </summary>
/// <param name="Seq">Its place, counted from 0.</param>
/// <param name="Id">The event's id.</param>
/// <param name="Bytes">The entry itself.</param>
/// <param name="Hash">The hash of its leaf in the chain's tree (RFC 6962), also its name in the next entry.</param>
public sealed record AuditEntry(long Seq, string Id, byte[] Bytes, byte[] Hash)
{
    /// <summary>The version of the format.</summary>
    public const int Version = 1;

    /// <summary>What the first entry names as the one before it.</summary>
    public static string Genesis { get; } = new('0', 2 * MerkleTree.HashLength);

    /// <summary>Makes an entry of an event.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="seq">Its place.</param>
    /// <param name="previous">The hash of the entry before it, hex.</param>
    /// <param name="recordedAt">When it is recorded.</param>
    /// <param name="audited">The event.</param>
    public static AuditEntry Compose(
        string tenant, long seq, string previous, DateTimeOffset recordedAt, AuditEvent audited)
    {
        ArgumentNullException.ThrowIfNull(audited);
        var output = new ArrayBufferWriter<byte>(512);
        // Sorted by name, as RFC 8785 wants it.
        Member(output, "{\"action\":", audited.Action);
        Party(output, ",\"actor\":", audited.Actor);
        Member(output, ",\"id\":", audited.Id);
        if (audited.Metadata is { } metadata)
        {
            Raw(output, ",\"metadata\":");
            output.Write(metadata);
        }

        Member(output, ",\"occurredAt\":", UtcMilliseconds.ToText(audited.OccurredAt ?? recordedAt));
        Member(output, ",\"outcome\":", Name(audited.Outcome));
        Member(output, ",\"prevHash\":", previous);
        Member(output, ",\"recordedAt\":", UtcMilliseconds.ToText(recordedAt));
        if (audited.Resource is { } resource)
        {
            Party(output, ",\"resource\":", resource);
        }

        Raw(output, string.Create(CultureInfo.InvariantCulture, $",\"seq\":{seq}"));
        Optional(output, ",\"source\":", audited.Source);
        Member(output, ",\"tenant\":", tenant);
        Optional(output, ",\"trace\":", audited.Trace);
        Raw(output, string.Create(CultureInfo.InvariantCulture, $",\"v\":{Version}}}"));
        var bytes = output.WrittenSpan.ToArray();
        return new AuditEntry(seq, audited.Id, bytes, MerkleTree.Leaf(bytes));
    }

    /// <summary>
    /// Reads what of an entry places it in its chain. That is the same in every version of the format: a silo goes on
    /// with a chain that a newer one wrote to, and keeps the bytes.
    /// </summary>
    /// <exception cref="FormatException">It is not an entry.</exception>
    public static (AuditEntry Entry, string Tenant, string Previous, DateTimeOffset RecordedAt) Read(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            var root = json.RootElement;
            var entry = new AuditEntry(
                root.GetProperty("seq").GetInt64(), Text(root, "id"), bytes, MerkleTree.Leaf(bytes));
            return root.GetProperty("v").GetInt32() >= Version && entry.Seq >= 0
                ? (entry, Text(root, "tenant"), Text(root, "prevHash"), CanonicalText.Time(Text(root, "recordedAt")))
                : throw new FormatException("It is not an entry of a version that there is.");
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("It is not an entry of an audit chain.", broken);
        }
    }

    /// <summary>How an outcome is written.</summary>
    public static string Name(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Success => "success",
        AuditOutcome.Failure => "failure",
        AuditOutcome.Denied => "denied",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "An event needs an outcome."),
    };

    private static string Text(JsonElement entry, string name) =>
        entry.GetProperty(name).GetString() ?? throw new FormatException($"An entry's {name} is a text.");

    private static void Party(IBufferWriter<byte> output, string name, AuditParty party)
    {
        Raw(output, name);
        Member(output, "{\"id\":", party.Id);
        Member(output, ",\"type\":", party.Type);
        Raw(output, "}");
    }

    private static void Optional(IBufferWriter<byte> output, string name, string? value)
    {
        if (value is not null)
        {
            Member(output, name, value);
        }
    }

    private static void Member(IBufferWriter<byte> output, string name, string value)
    {
        Raw(output, name);
        CanonicalJson.WriteString(output, value);
    }

    private static void Raw(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}

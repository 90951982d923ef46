using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// The first line of an export: which entries follow, and all that it takes to verify them without anything else but
/// keys. All of it can be verified: the trees before and after the entries by the signed checkpoint, the two hashes by
/// the entries.
/// </summary>
public sealed record ExportManifest
{
    /// <summary>The name of the format and its version.</summary>
    public const string Format = "gatehouse-audit-export/1";

    /// <summary>How long a line of an export may be, its line feed aside, bytes.</summary>
    public const int LineLengthMax = 65_535;

    // What a JSON number holds exactly (RFC 7493, section 2.2).
    private const long SizeMax = 9_007_199_254_740_991;

    /// <summary>The signed note of the checkpoint, as it is stored.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>
    /// Proves that the checkpoint's tree begins with the one after the last entry (<see cref="End"/>); empty when they
    /// are the same, or that one is empty.
    /// </summary>
    public required IReadOnlyList<byte[]> Consistency { get; init; }

    /// <summary>How many entries follow.</summary>
    public required long Count { get; init; }

    /// <summary>
    /// Proves that the checkpoint's tree begins with the one before the first entry (<see cref="From"/>); empty when
    /// they are the same, or that one is empty.
    /// </summary>
    public required IReadOnlyList<byte[]> FromConsistency { get; init; }

    /// <summary>The tree before the first entry; its size is the place of that entry.</summary>
    public required MerkleFrontier Frontier { get; init; }

    /// <summary>The hash of the last entry; zeros without entries.</summary>
    public required byte[] LastHash { get; init; }

    /// <summary>Which chain it is (<see cref="Auditing.Checkpoint.Origin"/>).</summary>
    public required string Origin { get; init; }

    /// <summary>The hash of the entry before the first one; zeros when there is none, and without entries.</summary>
    public required byte[] PrevHash { get; init; }

    /// <summary>The root of the tree after the last entry.</summary>
    public required byte[] Root { get; init; }

    /// <summary>Whose chain it is: the last part of the origin.</summary>
    public required string Tenant { get; init; }

    /// <summary>The place of the first entry.</summary>
    public long From => Frontier.Size;

    /// <summary>The place after the last entry.</summary>
    public long End => Frontier.Size + Count;

    /// <summary>Whether a first line means to be a manifest of this version, be it whole or not.</summary>
    public static bool IsMeantBy(ReadOnlySpan<byte> line) =>
        line.IndexOf("\"format\":\"gatehouse-audit-export/1\""u8) >= 0;

    /// <summary>Reads a line, without its line feed. Nothing is verified by that but the form.</summary>
    /// <exception cref="FormatException">It is not the one way in which a manifest is written.</exception>
    public static ExportManifest Read(ReadOnlySpan<byte> line)
    {
        if (line.Length > LineLengthMax)
        {
            throw new FormatException($"A line of an export has at most {LineLengthMax} bytes.");
        }

        ExportManifest manifest;
        try
        {
            var reader = new Utf8JsonReader(line);
            using var json = JsonDocument.ParseValue(ref reader);
            manifest = Read(json.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("It is not the manifest of an export.", broken);
        }

        // Another order, a member more, a space: whatever differs is found here, without a rule for each.
        return line.SequenceEqual(manifest.ToBytes())
            ? manifest
            : throw new FormatException("The manifest is not in canonical form, or has other members than it should.");
    }

    /// <summary>What of the manifest is not true of its checkpoint; null: nothing.</summary>
    /// <param name="checkpoint">The checkpoint, of which the signature is verified.</param>
    public ChainFault? FaultOf(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var (size, root, none) = (checkpoint.Size, checkpoint.Root, new byte[MerkleTree.HashLength]);
        // More entries than are signed are found where they begin: here, only the rest is looked at.
        var isSealed = End <= size;
        return Origin != checkpoint.Origin ? Fault("origin", checkpoint.Origin, Origin)
            : Tenant != Origin[(Origin.LastIndexOf('/') + 1)..] ? Fault("tenant", "the last part of the origin", Tenant)
            : From > size ? Fault("from", $"at most {size}", CanonicalText.Decimal(From))
            : !MerkleProof.VerifyConsistency(From, size, Frontier.Root(), root, FromConsistency)
                ? Fault("frontier", "the beginning of the checkpoint's tree", "another tree, or no proof")
            : !(isSealed ? MerkleProof.VerifyConsistency(End, size, Root, root, Consistency) : Consistency.Count == 0)
                ? Fault("root", "the beginning of the checkpoint's tree", "another tree, or no proof")
            : (From == 0 || Count == 0) && !PrevHash.AsSpan().SequenceEqual(none) ? Fault("prevHash", "zeros", "others")
            : Count == 0 && !LastHash.AsSpan().SequenceEqual(none) ? Fault("lastHash", "zeros", "others")
            : null;

        static ChainFault Fault(string member, string expected, string actual) =>
            new(ChainFaultKind.Manifest, null, $"{member}: {expected}", $"{member}: {actual}");
    }

    /// <summary>The line, without its line feed.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(2_048);
        // Sorted by name, as RFC 8785 wants it.
        Text(output, "{\"checkpoint\":", Checkpoint);
        Hashes(output, ",\"consistency\":", Consistency);
        Raw(output, $",\"count\":{CanonicalText.Decimal(Count)}");
        Text(output, ",\"format\":", Format);
        Raw(output, $",\"from\":{CanonicalText.Decimal(From)}");
        Hashes(output, ",\"fromConsistency\":", FromConsistency);
        Hashes(output, ",\"frontier\":", Frontier.ToBytes().Chunk(MerkleTree.HashLength));
        Text(output, ",\"lastHash\":", Convert.ToHexStringLower(LastHash));
        Text(output, ",\"origin\":", Origin);
        Text(output, ",\"prevHash\":", Convert.ToHexStringLower(PrevHash));
        Text(output, ",\"root\":", Convert.ToHexStringLower(Root));
        Text(output, ",\"tenant\":", Tenant);
        Raw(output, "}");
        return output.WrittenSpan.ToArray();
    }

    private static ExportManifest Read(JsonElement json)
    {
        var (from, count) = (Number(json, "from"), Number(json, "count"));
        return from + count <= SizeMax
            ? new ExportManifest
            {
                Checkpoint = Text(json, "checkpoint"),
                Consistency = Hashes(json, "consistency"),
                Count = count,
                FromConsistency = Hashes(json, "fromConsistency"),
                Frontier = MerkleFrontier.Read(from, [.. Hashes(json, "frontier").SelectMany(static hash => hash)]),
                LastHash = CanonicalText.HexHash(Text(json, "lastHash")),
                Origin = Text(json, "origin"),
                PrevHash = CanonicalText.HexHash(Text(json, "prevHash")),
                Root = CanonicalText.HexHash(Text(json, "root")),
                Tenant = Text(json, "tenant"),
            }
            : throw new FormatException("An export ends before 2^53.");
    }

    private static long Number(JsonElement json, string name) =>
        json.GetProperty(name).GetInt64() is >= 0 and <= SizeMax and var number
            ? number
            : throw new FormatException($"The manifest's {name} is a number from 0 to 2^53 - 1.");

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"The manifest's {name} is a text.");

    private static List<byte[]> Hashes(JsonElement json, string name)
    {
        var list = json.GetProperty(name);
        return list.GetArrayLength() <= MerkleProof.LengthMax
            ? [.. list.EnumerateArray().Select(static hash => CanonicalText.HexHash(hash.GetString() ?? ""))]
            : throw new FormatException($"The manifest's {name} has more hashes than a tree has levels.");
    }

    private static void Text(IBufferWriter<byte> output, string name, string value)
    {
        Raw(output, name);
        CanonicalJson.WriteString(output, value);
    }

    private static void Hashes(IBufferWriter<byte> output, string name, IEnumerable<byte[]> hashes) => Raw(
        output, $"{name}[{string.Join(',', hashes.Select(static hash => $"\"{Convert.ToHexStringLower(hash)}\""))}]");

    private static void Raw(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}

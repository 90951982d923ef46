using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>A hash as a value: compared and kept without an allocation.</summary>
internal readonly record struct Hash256(Vector256<byte> Value)
{
    public static Hash256 Of(ReadOnlySpan<byte> bytes) => new(Vector256.Create(bytes));

    public byte[] ToBytes()
    {
        var bytes = new byte[MerkleTree.HashLength];
        CopyTo(bytes);
        return bytes;
    }

    public void CopyTo(Span<byte> output) => Value.CopyTo(output);

    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}

/// <summary>What of an entry places it in its chain.</summary>
/// <param name="Seq">The place that it claims.</param>
/// <param name="Previous">The hash that it names.</param>
/// <param name="Hash">Its own.</param>
/// <param name="IsOurs">Whether it is of this tenant's chain and of this format's version.</param>
internal readonly record struct EntryHeader(long Seq, Hash256 Previous, Hash256 Hash, bool IsOurs)
{
    [Flags]
    private enum Members
    {
        None = 0,
        PrevHash = 1,
        Seq = 2,
        Tenant = 4,
        Version = 8,
        All = 15,
    }

    /// <summary>
    /// Reads a leaf: 0x00 and an entry's bytes, which are hashed in one go. Millions of them are read.
    /// </summary>
    public static EntryHeader? Read(ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> tenant)
    {
        if (leaf.Length > 1 + ExportManifest.LineLengthMax)
        {
            return null;
        }

        try
        {
            Span<byte> hash = stackalloc byte[MerkleTree.HashLength];
            if (!TryParse(leaf[1..], tenant, hash, out var seq, out var isOurs))
            {
                return null;
            }

            var previous = Hash256.Of(hash);
            SHA256.HashData(leaf, hash);
            return new EntryHeader(seq, previous, Hash256.Of(hash), isOurs);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool TryParse(
        ReadOnlySpan<byte> entry, ReadOnlySpan<byte> tenant, Span<byte> previous, out long seq, out bool isOurs)
    {
        (seq, isOurs) = (0, true);
        var json = new Utf8JsonReader(entry);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var seen = Members.None;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var member = Named(json.ValueSpan);
            json.Read();
            switch (member & ~seen)
            {
                case Members.PrevHash when json.TokenType == JsonTokenType.String && IsHash(json.ValueSpan, previous):
                case Members.Seq when json.TokenType == JsonTokenType.Number && json.TryGetInt64(out seq):
                    break;
                case Members.Tenant:
                    isOurs &= json.TokenType == JsonTokenType.String && json.ValueSpan.SequenceEqual(tenant);
                    break;
                case Members.Version:
                    isOurs &= json.TokenType == JsonTokenType.Number && json.ValueSpan.SequenceEqual("1"u8);
                    break;
                case Members.None when member == Members.None:
                    break;
                default:
                    return false;
            }

            seen |= member;
            json.Skip();
        }

        return seen == Members.All && !json.Read();
    }

    // In lower case only: a hash has one form, so that an entry with another one is known for what it is.
    private static bool IsHash(ReadOnlySpan<byte> hex, Span<byte> hash) =>
        hex.Length == 2 * MerkleTree.HashLength && !hex.ContainsAnyInRange((byte)'A', (byte)'F')
        && Convert.FromHexString(hex, hash, out _, out _) is System.Buffers.OperationStatus.Done;

    // As canonical JSON writes them: a name with an escape is another name.
    private static Members Named(ReadOnlySpan<byte> name) => name.Length switch
    {
        8 when name.SequenceEqual("prevHash"u8) => Members.PrevHash,
        3 when name.SequenceEqual("seq"u8) => Members.Seq,
        6 when name.SequenceEqual("tenant"u8) => Members.Tenant,
        1 when name[0] == (byte)'v' => Members.Version,
        _ => Members.None,
    };
}

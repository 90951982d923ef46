using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>A chain as its row holds it.</summary>
internal sealed class ChainRow
{
    public long Id { get; init; }

    public long Size { get; init; }

    public byte[] Hash { get; init; } = [];

    public byte[] Frontier { get; init; } = [];

    public long? SignedSize { get; init; }

    public byte[]? SignedRoot { get; init; }

    public long? SignedAt { get; init; }

    public string? SignedNote { get; init; }

    public long PrunedBefore { get; init; }

    public long? KeepFor { get; init; }

    public int Held { get; init; }

    public string? HoldReason { get; init; }

    public bool IsAt(ChainEnd end) =>
        Size == end.Size && Hash.AsSpan().SequenceEqual(Convert.FromHexString(end.Hash));

    /// <exception cref="FormatException">It is not a row of a chain.</exception>
    public ArchivedChain Read()
    {
        if (Hash.Length != MerkleTree.HashLength || PrunedBefore < 0 || PrunedBefore > Size)
        {
            throw new FormatException("What is archived of the chain is damaged.");
        }

        return new ArchivedChain(
            new ChainEnd(Convert.ToHexStringLower(Hash), MerkleFrontier.Read(Size, Frontier)), Signed(), PrunedBefore,
            new AuditRetention(KeepFor is { } time ? TimeSpan.FromMilliseconds(time) : null, Held != 0, HoldReason));
    }

    private SignedHead? Signed()
    {
        if (SignedSize is not { } size)
        {
            return null;
        }

        return SignedRoot is { Length: MerkleTree.HashLength } root && SignedAt is { } at && SignedNote is { } note
            ? new SignedHead(size, root, DateTimeOffset.FromUnixTimeMilliseconds(at), note)
            : throw new FormatException("What is archived of the chain's checkpoint is damaged.");
    }
}

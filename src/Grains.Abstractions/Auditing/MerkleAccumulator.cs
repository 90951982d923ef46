using System.Security.Cryptography;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// A <see cref="MerkleFrontier"/> that changes in place: for whoever adds one leaf at a time, millions of them.
/// </summary>
internal sealed class MerkleAccumulator
{
    private const int Length = MerkleTree.HashLength;
    private const int LevelsMax = 64;
    private readonly byte[] _roots = new byte[(LevelsMax + 1) * Length];
    private readonly byte[] _node = new byte[1 + (2 * Length)];
    private int _count;

    public MerkleAccumulator(MerkleFrontier frontier)
    {
        var roots = frontier.ToBytes();
        roots.CopyTo(_roots, 0);
        _node[0] = 1;
        (Size, _count) = (frontier.Size, roots.Length / Length);
    }

    public long Size { get; private set; }

    public MerkleAccumulator Copy() => new(ToFrontier());

    public MerkleFrontier ToFrontier() => MerkleFrontier.Read(Size, _roots.AsSpan(0, _count * Length));

    public byte[] Root() => ToFrontier().Root();

    public void Append(Hash256 leaf)
    {
        leaf.CopyTo(_roots.AsSpan(_count * Length));
        for (var bits = Size; (bits & 1) == 1; bits >>= 1)
        {
            _count--;
            var children = _roots.AsSpan(_count * Length, 2 * Length);
            children.CopyTo(_node.AsSpan(1));
            SHA256.HashData(_node, children[..Length]);
        }

        _count++;
        Size++;
    }
}

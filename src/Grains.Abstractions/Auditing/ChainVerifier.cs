using System.Text;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// Verifies entries one after the other, and names the first fault. It keeps one frontier and one hash, however many
/// entries there are.
/// </summary>
public sealed class ChainVerifier
{
    private readonly ChainRange _range;
    private readonly byte[] _tenant;
    private readonly MerkleAccumulator _tree;
    private readonly Queue<Checkpoint> _trusted;
    private long _trustedSize;
    private Hash256 _expected;
    private EntryHeader? _last;
    private MerkleAccumulator? _beforeLast;
    private ChainFault? _fork;
    private ChainDiagnosis? _diagnosis;

    /// <summary>Begins before the first entry of a range.</summary>
    /// <param name="range">What the entries have to be.</param>
    /// <param name="trusted">Checkpoints whose size lies in the range, both ends included.</param>
    public ChainVerifier(ChainRange range, IEnumerable<Checkpoint> trusted)
    {
        ArgumentNullException.ThrowIfNull(range);
        ArgumentNullException.ThrowIfNull(trusted);
        (_range, _tenant) = (range, Encoding.UTF8.GetBytes(range.Tenant));
        (_tree, _trustedSize) = (new MerkleAccumulator(range.Frontier), range.From);
        _expected = Hash256.Of(range.PrevHash);
        _trusted = new Queue<Checkpoint>(trusted.OrderBy(static checkpoint => checkpoint.Size));
        _fork = Compare();
    }

    /// <summary>The place of the next entry.</summary>
    public long Place => _tree.Size;

    /// <summary>Takes in the next line.</summary>
    /// <param name="leaf">
    /// 0x00 and the line, so that it is hashed where it stands. It is not kept. One that is longer than a line may be
    /// may be cut.
    /// </param>
    /// <returns>The first fault; null: none that is named by now. After one, there is nothing more to add.</returns>
    public ChainFault? Add(ReadOnlySpan<byte> leaf)
    {
        var line = EntryHeader.Read(leaf, _tenant);
        if (_diagnosis is not null)
        {
            _diagnosis.Add(line);
            return null;
        }

        if (line is not { IsOurs: true } entry || entry.Seq != Place || entry.Previous != _expected)
        {
            var isTrusted = _trustedSize == Place && Place > _range.From;
            _diagnosis = new ChainDiagnosis(_range, Place, _expected, _last, isTrusted, line, leaf);
            return null;
        }

        // It names the one before it, so that one was not edited: the fault that its root showed is a fork.
        if (_fork is not null || Place >= Math.Min(_range.End, _range.SealedSize))
        {
            return _fork ?? Behind(entry);
        }

        _beforeLast = Place == _range.End - 1 ? _tree.Copy() : null;
        _tree.Append(entry.Hash);
        (_last, _expected) = (entry, entry.Hash);
        _fork = Compare();
        return null;
    }

    /// <summary>Says that there are no more lines.</summary>
    /// <param name="isCut">Whether the last one had no line feed; it was not added.</param>
    /// <returns>The first fault; null: all is well.</returns>
    public ChainFault? Complete(bool isCut)
    {
        if (_diagnosis?.Conclude() is { } broken)
        {
            // What is wrong at a place before it was broken goes first.
            return broken.Seq < Place ? broken
                : _fork ?? (Place >= _range.End ? Tail() : null) ?? broken;
        }

        if (Place < _range.End)
        {
            // All that is signed is here: not the entries are too few, their number is too large.
            return _fork ?? (Place == _range.SealedSize && !isCut
                ? new ChainFault(
                    ChainFaultKind.Manifest, null, $"count {Place - _range.From}", $"count {_range.Count}")
                : new ChainFault(
                    ChainFaultKind.Truncate, Place, $"entries up to {_range.End - 1}",
                    isCut ? "a part of a line" : "the end"));
        }

        return Tail() ?? (isCut
            ? new ChainFault(ChainFaultKind.Insert, Place, "the end", "a part of a line")
            : null);
    }

    /// <summary>A line that follows the last one, or the last one that is signed.</summary>
    private ChainFault Behind(EntryHeader entry) =>
        (Place >= _range.End ? Tail() : null) ?? (Place >= _range.SealedSize
            ? new ChainFault(ChainFaultKind.Unsealed, Place, $"{_range.SealedSize} signed entries", $"entry {Place}")
            : new ChainFault(ChainFaultKind.Insert, Place, "the end", $"one more line, of hash {entry.Hash}"));

    /// <summary>What is wrong with the last entry or with all of them, when each names the one before it.</summary>
    private ChainFault? Tail()
    {
        var root = _tree.Root();
        var isLast = _last is null || _last.Value.Hash == _range.Last;
        if (root.AsSpan().SequenceEqual(_range.Root))
        {
            return isLast ? _fork : new ChainFault(
                ChainFaultKind.Manifest, null, $"lastHash {_last?.Hash}", $"lastHash {_range.Last}");
        }

        if (!isLast && _beforeLast is { } before)
        {
            // No entry names the last one. If all is well with another one in its place, then that is the fault.
            before.Append(_range.Last);
            if (before.Root().AsSpan().SequenceEqual(_range.Root))
            {
                return new ChainFault(
                    ChainFaultKind.Edit, Place - 1, $"{_range.Last}", $"{_last?.Hash}");
            }
        }

        return _fork ?? Fork(_range.Root, root);
    }

    /// <summary>Compares the tree with the checkpoints of its size.</summary>
    private ChainFault? Compare()
    {
        byte[]? root = null;
        while (_trusted.TryPeek(out var checkpoint) && checkpoint.Size == Place)
        {
            root ??= _tree.Root();
            if (!checkpoint.Root.AsSpan().SequenceEqual(root))
            {
                return Fork(checkpoint.Root, root);
            }

            _trusted.Dequeue();
        }

        _trustedSize = root is null ? _trustedSize : Place;
        return null;
    }

    private ChainFault Fork(byte[] expected, byte[] actual) => new(
        ChainFaultKind.Fork, _trustedSize, $"root {Convert.ToHexStringLower(expected)} at size {Place}",
        $"root {Convert.ToHexStringLower(actual)}");
}

using System.Security.Cryptography;

namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>
/// Names what happened where a chain broke: at a line that does not follow the one before it. Which of the two is
/// wrong, or whether something is between them that should not be, or not that should, only the lines after it tell.
/// All that it keeps is of two of them.
/// </summary>
internal sealed class ChainDiagnosis
{
    private readonly ChainRange _range;
    private readonly long _place;
    private readonly Hash256 _expected;
    private readonly EntryHeader? _before;
    private readonly bool _isBeforeTrusted;
    private readonly EntryHeader? _broken;
    private readonly byte[] _leaf;
    private EntryHeader? _next;
    private long _following;
    private bool _isPlaceTaken;
    private bool _isRepeated;

    /// <summary>Begins at the line that does not follow.</summary>
    /// <param name="range">What the lines should be.</param>
    /// <param name="place">The place of the line.</param>
    /// <param name="expected">The hash that an entry of that place has to name.</param>
    /// <param name="before">The entry before it; null: there is none.</param>
    /// <param name="isBeforeTrusted">Whether a signed root says that the entry before it is good.</param>
    /// <param name="broken">The line; null: it is no entry.</param>
    /// <param name="leaf">Its bytes, after 0x00.</param>
    public ChainDiagnosis(
        ChainRange range, long place, Hash256 expected, EntryHeader? before, bool isBeforeTrusted, EntryHeader? broken,
        ReadOnlySpan<byte> leaf) =>
        (_range, _place, _expected, _before, _isBeforeTrusted, _broken, _leaf) =
            (range, place, expected, before, isBeforeTrusted, broken, leaf.ToArray());

    /// <summary>Takes in the next line.</summary>
    public void Add(EntryHeader? line)
    {
        if (_following++ == 0)
        {
            _next = line;
        }

        _isPlaceTaken |= line is { } taker && taker.Seq == _place && taker.Previous == _expected;
        _isRepeated |= line is { } other && other.Hash == _broken?.Hash;
    }

    /// <summary>What happened, after the last line.</summary>
    public ChainFault Conclude()
    {
        var lines = _place - _range.From + 1 + _following;
        var (isTooMany, isTooFew) = (lines > _range.Count, lines < _range.Count);
        if (_broken is not { } broken)
        {
            return _isPlaceTaken || _place >= _range.End ? Insert(_place) : Edit(_place);
        }

        // What the line after the broken one names: it tells which of two lines belongs to the chain.
        var link = _following == 0 && !isTooFew ? _range.Last : _next?.Previous;
        if (_before is { } before && broken.Seq == before.Seq && broken.Previous == before.Previous
            && broken.Hash != before.Hash && link == broken.Hash)
        {
            return Insert(_place - 1, before.Hash);
        }

        if (_isPlaceTaken)
        {
            // The entry of this place comes later: this one is one too many, or they changed places.
            return broken.Seq > _place && !_isRepeated && !isTooMany ? Reorder() : Insert(_place);
        }

        if (_place >= _range.End)
        {
            return Insert(_place);
        }

        var isContinued = _next is { } next ? next.Seq == broken.Seq + 1 : isTooFew;
        return broken.Seq == _place && broken.Previous != _expected
            ? Unlinked(broken, link)
            : broken.Seq > _place && isContinued ? Delete(broken)
            : broken.Seq < _place && isTooMany && _next?.Seq != _place + 1 ? Insert(_place)
            : Edit(_place);
    }

    /// <summary>Everything is right but the link: one of its two ends was changed.</summary>
    private ChainFault Unlinked(EntryHeader broken, Hash256? link)
    {
        if (_before is { } before)
        {
            return _isBeforeTrusted || (link != broken.Hash && link == Relinked(broken))
                ? Edit(_place, _expected, broken.Previous)
                : Edit(_place - 1, broken.Previous, before.Hash);
        }

        return link == broken.Hash && _range.From > 0
            ? new ChainFault(ChainFaultKind.Manifest, null, $"prevHash {broken.Previous}", $"prevHash {_expected}")
            : Edit(_place, _expected, broken.Previous);
    }

    /// <summary>The hash of the line if it named the entry before it.</summary>
    private Hash256 Relinked(EntryHeader broken)
    {
        var leaf = _leaf.ToArray();
        var (named, expected) = (Hex(broken.Previous), Hex(_expected));
        var at = leaf.AsSpan().IndexOf(named);
        if (at >= 0)
        {
            expected.CopyTo(leaf.AsSpan(at));
        }

        return Hash256.Of(SHA256.HashData(leaf));

        static byte[] Hex(Hash256 hash) => System.Text.Encoding.ASCII.GetBytes(hash.ToString());
    }

    private ChainFault Edit(long seq) => new(
        ChainFaultKind.Edit, seq, $"an entry {seq} that names {_expected}",
        _broken is { } broken ? $"{(broken.IsOurs ? "" : "foreign ")}entry {broken.Seq}" : "no entry");

    private static ChainFault Edit(long seq, Hash256 expected, Hash256 actual) =>
        new(ChainFaultKind.Edit, seq, expected.ToString(), actual.ToString());

    private ChainFault Delete(EntryHeader broken) =>
        new(ChainFaultKind.Delete, _place, $"entry {_place}", $"entry {broken.Seq}");

    private ChainFault Reorder() =>
        new(ChainFaultKind.Reorder, _place, $"entry {_place}", $"entry {_broken?.Seq}, and {_place} later");

    private ChainFault Insert(long seq, Hash256? line = null) => new(
        ChainFaultKind.Insert, seq, seq < _range.End ? $"entry {seq}" : "the end",
        (line ?? _broken?.Hash) is { } hash ? $"one more line, of hash {hash}" : "a line that is no entry");
}

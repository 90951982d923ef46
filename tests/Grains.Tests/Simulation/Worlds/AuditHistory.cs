using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>A call, and what was acknowledged before it was made.</summary>
internal sealed record SentEvents(
    IReadOnlyList<AuditEvent> Events, long AcknowledgedBefore, IReadOnlySet<string> New, int FlushesBefore);

/// <summary>What callers were told, held against what is stored.</summary>
internal sealed class AuditHistory(string tenant)
{
    private readonly Dictionary<string, (long Seq, string Hash)> _receipts = [];

    // Sent, and nobody said that it was certainly not recorded.
    private readonly HashSet<string> _possible = [];

    private int _flushes;

    public List<AuditEvent> Sent { get; } = [];

    public bool IsFlushed => _flushes > 0;

    /// <summary>The size of the chain, as far as it was acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Of what was sent: what nobody has acknowledged.</summary>
    public IEnumerable<AuditEvent> Unsettled => Sent.Where(audited => !_receipts.ContainsKey(audited.Id));

    public SentEvents Send(IReadOnlyList<AuditEvent> events)
    {
        var fresh = events.Where(audited => !Sent.Contains(audited)).ToList();
        Sent.AddRange(fresh);
        return new SentEvents(events, Acknowledged, fresh.Select(audited => audited.Id).ToHashSet(), _flushes);
    }

    /// <summary>Nobody knows what became of it.</summary>
    public void Lost(SentEvents sent) => _possible.UnionWith(sent.Events.Select(audited => audited.Id));

    /// <summary>What was acknowledged before may be gone, and with it what the chain said of it.</summary>
    public void Flush()
    {
        _flushes++;
        _receipts.Clear();
        _possible.UnionWith(Sent.Select(audited => audited.Id));
        Acknowledged = 0;
    }

    /// <summary>What is wrong with an acknowledgement; null: nothing.</summary>
    public string? Acknowledge(
        SentEvents sent, Dictionary<long, string> places, IReadOnlyList<AuditReceipt> receipts, IReadOnlyList<byte[]> stored)
    {
        Lost(sent);
        if (sent.FlushesBefore != _flushes)
        {
            // It may have been recorded before the store lost all, and be answered only now.
            return null;
        }

        foreach (var receipt in receipts)
        {
            var known = _receipts.TryAdd(receipt.Id, (receipt.Seq, receipt.Hash)) ? default : _receipts[receipt.Id];
            if (known.Hash is not null && known != (receipt.Seq, receipt.Hash))
            {
                return $"{receipt.Id} was acknowledged at {known.Seq}, and now at {receipt.Seq}";
            }

            if (!places.TryAdd(receipt.Seq, receipt.Hash) && places[receipt.Seq] != receipt.Hash)
            {
                return $"one activation acknowledged two entries at {receipt.Seq}";
            }

            if (!IsFlushed && sent.New.Contains(receipt.Id) && receipt.Seq < sent.AcknowledgedBefore)
            {
                return $"{receipt.Id} stands at {receipt.Seq}, before what was acknowledged before it was sent";
            }

            if (!IsFlushed && !Stands(receipt.Id, (receipt.Seq, receipt.Hash), stored))
            {
                return $"{receipt.Id} was acknowledged at {receipt.Seq} and is not there";
            }

            Acknowledged = Math.Max(Acknowledged, receipt.Seq + 1);
        }

        return null;
    }

    /// <summary>What is wrong with what was read; null: it is the beginning of what is stored.</summary>
    public static string? Compare(IReadOnlyList<byte[]> read, IReadOnlyList<byte[]> stored) =>
        read.Count <= stored.Count && read.Zip(stored).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second))
            ? null
            : $"{read.Count} entries were read that are not what is stored";

    /// <summary>What is wrong with the whole chain; null: nothing.</summary>
    public string? Verify(IReadOnlyList<byte[]> stored)
    {
        var (previous, ids) = (AuditEntry.Genesis, new HashSet<string>());
        for (var seq = 0; seq < stored.Count; seq++)
        {
            if (ChainCheck.Next(tenant, seq, previous, stored[seq], leaf: null) is { } fault)
            {
                return $"entry {seq}: {fault}";
            }

            var entry = AuditEntry.Read(stored[seq]).Entry;
            previous = Convert.ToHexStringLower(entry.Hash);
            var isOwn = entry.Id.StartsWith(AuditEvent.ReservedIdPrefix, StringComparison.Ordinal);
            if (!ids.Add(entry.Id) || (!isOwn && !_possible.Contains(entry.Id)))
            {
                return $"{entry.Id} stands at {seq}, and should not";
            }
        }

        return _receipts.Where(known => !Stands(known.Key, known.Value, stored))
            .Select(known => $"{known.Key} was acknowledged at {known.Value.Seq} and is not there").FirstOrDefault();
    }

    private static bool Stands(string id, (long Seq, string Hash) place, IReadOnlyList<byte[]> stored) =>
        place.Seq < stored.Count && AuditEntry.Read(stored[(int)place.Seq]).Entry is var entry
        && (entry.Id, Convert.ToHexStringLower(entry.Hash)) == (id, place.Hash);
}

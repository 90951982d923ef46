using System.Diagnostics;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>A caller's events that wait for the next commit.</summary>
/// <param name="Events">The events.</param>
internal sealed record PendingAppend(IReadOnlyList<AuditEvent> Events)
{
    /// <summary>Of the trace that it belongs to, if any.</summary>
    public Activity? Caller { get; } = Activity.Current;

    /// <summary>About how many bytes they take.</summary>
    public long Weight { get; } = Events.Sum(static audited => (long)audited.Weight);

    /// <summary>Where the events are recorded, as far as that is known already.</summary>
    public AuditReceipt?[] Receipts { get; } = new AuditReceipt?[Events.Count];

    public TaskCompletionSource<AuditAppendResult> Answer { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Callers whose events go out together, in the order in which they came.</summary>
internal sealed class AppendBatch
{
    private readonly Dictionary<string, AuditEvent> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(PendingAppend Append, int Index)>> _places = new(StringComparer.Ordinal);
    private readonly List<PendingAppend> _appends = [];

    public IReadOnlyList<PendingAppend> Appends => _appends;

    /// <summary>The events that are still to be recorded, each id once.</summary>
    public List<AuditEvent> Events { get; } = [];

    public long Weight { get; private set; }

    /// <summary>
    /// The id that a call gives to two events of different content, if there is one: the call can never be recorded.
    /// </summary>
    public static string? ConflictWithin(IReadOnlyList<AuditEvent> events)
    {
        var byId = new Dictionary<string, AuditEvent>(StringComparer.Ordinal);
        return events.FirstOrDefault(audited =>
            !byId.TryAdd(audited.Id, audited) && !IsSame(byId[audited.Id], audited))?.Id;
    }

    /// <summary>
    /// Takes a caller in. Not one that gives another content to an id that is in here: which of the two is right, the
    /// store knows, once this batch is there.
    /// </summary>
    public bool TryAdd(PendingAppend append)
    {
        if (append.Events.Any(audited => _byId.TryGetValue(audited.Id, out var taken) && !IsSame(taken, audited)))
        {
            return false;
        }

        _appends.Add(append);
        Weight += append.Weight;
        for (var i = 0; i < append.Events.Count; i++)
        {
            if (append.Receipts[i] is not null)
            {
                continue;
            }

            var audited = append.Events[i];
            if (_byId.TryAdd(audited.Id, audited))
            {
                Events.Add(audited);
                _places[audited.Id] = [];
            }

            _places[audited.Id].Add((append, i));
        }

        return true;
    }

    /// <summary>The same callers, and what of their events is still to be recorded, without those.</summary>
    public AppendBatch Without(IReadOnlySet<PendingAppend> gone)
    {
        var rest = new AppendBatch();
        foreach (var append in _appends.Where(append => !gone.Contains(append)))
        {
            rest.TryAdd(append);
        }

        return rest;
    }

    /// <summary>Notes where an event is recorded.</summary>
    public void Record(AuditReceipt receipt)
    {
        foreach (var (append, index) in _places[receipt.Id])
        {
            append.Receipts[index] = receipt;
        }
    }

    private static bool IsSame(AuditEvent one, AuditEvent other) =>
        one with { Metadata = null } == other with { Metadata = null }
        && one.Metadata.AsSpan().SequenceEqual(other.Metadata);
}

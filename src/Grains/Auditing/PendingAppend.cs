using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>A caller's events that wait for the next commit.</summary>
/// <param name="Events">The events.</param>
internal sealed record PendingAppend(IReadOnlyList<AuditEvent> Events)
{
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
    private readonly List<(PendingAppend Append, int Index)> _places = [];

    public AppendBatch(IReadOnlyList<PendingAppend> appends)
    {
        Appends = appends;
        Refresh();
    }

    public IReadOnlyList<PendingAppend> Appends { get; }

    /// <summary>The events that are still to be recorded, each id once.</summary>
    public IReadOnlyList<AuditEvent> Events { get; private set; } = [];

    /// <summary>
    /// The same id twice, in one call or in two that go out together, is one event; with another content it is an
    /// error of the later one, which is taken out. Answers those.
    /// </summary>
    public IReadOnlyList<(PendingAppend Append, string Id)> FindReused()
    {
        var byId = new Dictionary<string, AuditEvent>(StringComparer.Ordinal);
        var reused = new List<(PendingAppend, string)>();
        foreach (var append in Appends)
        {
            // Events of a call that is taken out do not count against those behind it.
            var own = new Dictionary<string, AuditEvent>(StringComparer.Ordinal);
            var other = append.Events.FirstOrDefault(audited =>
                (byId.TryGetValue(audited.Id, out var earlier) && !IsSame(earlier, audited))
                || (!own.TryAdd(audited.Id, audited) && !IsSame(own[audited.Id], audited)));
            if (other is not null)
            {
                reused.Add((append, other.Id));
                continue;
            }

            foreach (var (id, audited) in own)
            {
                byId.TryAdd(id, audited);
            }
        }

        return reused;
    }

    /// <summary>Notes where events are recorded, by their index among <see cref="Events"/>.</summary>
    public void Record(int index, AuditReceipt receipt)
    {
        var id = Events[index].Id;
        foreach (var (append, place) in _places.Where(place => place.Append.Events[place.Index].Id == id))
        {
            append.Receipts[place] = receipt;
        }
    }

    /// <summary>Finds out what is left to be recorded.</summary>
    public void Refresh()
    {
        _places.Clear();
        var (ids, events) = (new HashSet<string>(StringComparer.Ordinal), new List<AuditEvent>());
        foreach (var append in Appends)
        {
            for (var i = 0; i < append.Events.Count; i++)
            {
                if (append.Receipts[i] is null)
                {
                    _places.Add((append, i));
                    if (ids.Add(append.Events[i].Id))
                    {
                        events.Add(append.Events[i]);
                    }
                }
            }
        }

        Events = events;
    }

    private static bool IsSame(AuditEvent one, AuditEvent other) =>
        one with { Metadata = null } == other with { Metadata = null }
        && one.Metadata.AsSpan().SequenceEqual(other.Metadata);
}

using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Auditing.Checkers;

/// <summary>
/// One chain without gap or fork, that holds every acknowledged event once, at its acknowledged place and hash, nothing that
/// nobody sent, and all of it in an order that respects real time.
/// </summary>
internal sealed class ChainChecker(string tenant, IReadOnlyList<ChainEntry> chain) : IHistoryChecker<AuditCall>
{
    private static readonly string Genesis = new('0', 64);

    public IEnumerable<Violation> Check(History<AuditCall> history) =>
        [.. Chained(), .. Acknowledged(history), .. Sent(history), .. InRealTime(history)];

    private IEnumerable<Violation> Chained()
    {
        var previous = Genesis;
        foreach (var (place, entry) in chain.Index())
        {
            if (entry.Seq != place || entry.Tenant != tenant || entry.Previous != previous || entry.Hash != entry.StatedHash)
            {
                yield return Broken("one chain", $"{entry} at place {place}, after {previous}");
            }

            previous = entry.Hash;
        }

        foreach (var twice in chain.GroupBy(entry => entry.Id).Where(entries => entries.Count() > 1))
        {
            yield return Broken("once", $"{twice.Key} at {string.Join(", ", twice.Select(entry => entry.Seq))}");
        }
    }

    private IEnumerable<Violation> Acknowledged(History<AuditCall> history) =>
        from call in history.Operations
        where call.Outcome is AuditOutcome.Recorded
        let entry = call.Seq >= 0 && call.Seq < chain.Count ? chain[(int)call.Seq] : null
        where entry?.Id != call.Id || entry.Hash != call.Hash
        select new Violation("acknowledged is recorded", $"{call}: there is {entry}", call.Start, call.End);

    private IEnumerable<Violation> Sent(History<AuditCall> history)
    {
        var possible = history.Operations
            .Where(call => call.Outcome is not AuditOutcome.NotApplied).Select(call => call.Id).ToHashSet();
        return from entry in chain
               where !entry.IsOwn && !possible.Contains(entry.Id)
               select Broken("only what was sent", $"{entry}: nobody sent it, or all were told that it is not recorded");
    }

    /// <summary>What had ended before another began stands before it. An event begins with its first attempt.</summary>
    private static IEnumerable<Violation> InRealTime(History<AuditCall> history)
    {
        var began = history.Operations.GroupBy(call => call.Id)
            .ToDictionary(calls => calls.Key, calls => calls.Min(call => call.Start));
        var latest = TimeSpan.MinValue;
        foreach (var call in history.Operations.Where(call => call.Outcome is AuditOutcome.Recorded).OrderBy(call => call.Seq))
        {
            if (call.End < latest)
            {
                yield return new Violation(
                    "real time", $"{call} stands behind an event that began after it had ended", call.Start, latest);
            }

            latest = began[call.Id] > latest ? began[call.Id] : latest;
        }
    }

    private static Violation Broken(string promise, string text) => new(promise, text, default, default);
}

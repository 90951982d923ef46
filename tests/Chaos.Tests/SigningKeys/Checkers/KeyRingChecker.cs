using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.SigningKeys.Checkers;

/// <summary>
/// No signature was begun after its version's revocation was acknowledged; the ring holds every acknowledged change and
/// exactly one active version; every signature verifies, with what its version is by now.
/// </summary>
internal sealed class KeyRingChecker(IReadOnlyList<RingVersion> ring, IReadOnlyList<SignatureFinding> findings)
    : IHistoryChecker<KeyCall>
{
    public IEnumerable<Violation> Check(History<KeyCall> history) =>
        [.. Revoked(history), .. Acknowledged(history), .. Sound(history), .. Verified()];

    private static IEnumerable<Violation> Revoked(History<KeyCall> history)
    {
        var revoked = Done(history, KeyStep.Revoke).GroupBy(call => call.Version!)
            .ToDictionary(calls => calls.Key, calls => calls.Min(call => call.End));
        return from call in Done(history, KeyStep.Sign)
               where revoked.TryGetValue(call.Version!, out var since) && call.Start > since
               select new Violation(
                   "revoked signs nothing", $"{call}, after the revocation was acknowledged", revoked[call.Version!], call.End);
    }

    private IEnumerable<Violation> Acknowledged(History<KeyCall> history) =>
        from call in history.Operations
        where call.Outcome is KeyOutcome.Done
        let version = ring.FirstOrDefault(version => version.Version == call.Version)
        let expected = call.Step switch
        {
            KeyStep.Revoke => version?.Status is "revoked" or "destroyed",
            KeyStep.Promote or KeyStep.Sign => version?.Status is "active" or "retired" or "revoked" or "destroyed",
            _ => version is not null,
        }
        where !expected
        select new Violation("acknowledged is in the ring", $"{call}: there is {version}", call.Start, call.End);

    private IEnumerable<Violation> Sound(History<KeyCall> history)
    {
        var active = ring.Where(version => version.Status == "active").ToList();
        if (active.Count != 1)
        {
            yield return Broken("one active version", $"{active.Count}: {string.Join(", ", ring)}");
        }

        // The first one is made by the first call that needs it.
        var made = 1 + history.Operations.Count(call =>
            call.Step is KeyStep.Rotate && call.Outcome is not KeyOutcome.NotApplied);
        if (ring.Count > made)
        {
            yield return Broken("no version that nobody asked for", $"{ring.Count} versions, {made} can have been asked for");
        }
    }

    private IEnumerable<Violation> Verified() =>
        from finding in findings
        let status = ring.FirstOrDefault(version => version.Version == finding.Signed.Version)?.Status
        where !finding.IsValid || finding.Status != status
        select new Violation("every signature verifies",
            $"{finding.Signed}: valid {finding.IsValid}, {finding.Status}; the ring says {status}",
            finding.Signed.Start, finding.Signed.End);

    private static IEnumerable<KeyCall> Done(History<KeyCall> history, KeyStep step) =>
        history.Operations.Where(call => call.Step == step && call.Outcome is KeyOutcome.Done);

    private static Violation Broken(string promise, string text) => new(promise, text, default, default);
}

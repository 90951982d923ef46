using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>
/// Keys in plain code, with one record each: what callers are to see, however many records there are behind it.
/// </summary>
internal sealed class IdempotencyModel
{
    private readonly Dictionary<string, Record> _records = [];

    private sealed record Record(
        KeyState State, long Epoch, string Owner, string Fingerprint, bool IsAbandoned, string Body);

    public string Begin(string name, BeginCall call)
    {
        var known = _records.GetValueOrDefault(name);
        if (known is { State: KeyState.InProgress } && known.Owner == call.Owner)
        {
            return Started(known.Epoch);
        }

        var isTakenOver = (known is { State: KeyState.Unknown } or { State: KeyState.InProgress, IsAbandoned: true })
            && call.Abandoned is AbandonedPolicy.Retry && known.Fingerprint == call.Fingerprint;
        if (known is null or { State: KeyState.Released } || isTakenOver)
        {
            known = new Record(
                KeyState.InProgress, (known?.Epoch ?? 0) + 1, call.Owner, call.Fingerprint, call.Lease == TimeSpan.Zero, "");
            _records[name] = known;
            return Started(known.Epoch);
        }

        return Read(name);
    }

    public StepOutcome End(string name, long epoch, KeyState state, string body) =>
        Move(name, known => known.Epoch == epoch, state, known => known with { State = state, Body = body });

    public StepOutcome Release(string name, string owner) => Move(
        name, known => known.Owner == owner, KeyState.Released, known => known with { State = KeyState.Released, Body = "" });

    public StepOutcome Renew(string name, long epoch) => Move(
        name, known => known.Epoch == epoch, KeyState.InProgress, known => known with { IsAbandoned = false });

    public string Read(string name) => _records.GetValueOrDefault(name) is { } known
        ? Describe(known.State, known.Epoch, known.Fingerprint, known.IsAbandoned, known.Body)
        : "nothing";

    public static string Started(long epoch) => $"started {epoch}";

    public static string Describe(StoredKey? stored) => stored is null
        ? "nothing"
        : Describe(
            stored.State, stored.Epoch, stored.Fingerprint, stored.LeaseLeft <= TimeSpan.Zero, Layouts.Body(stored));

    private static string Describe(KeyState state, long epoch, string fingerprint, bool isAbandoned, string body) =>
        $"{state} {epoch} {fingerprint} {(state is KeyState.InProgress && isAbandoned ? "abandoned" : "")} {body}";

    private StepOutcome Move(string name, Func<Record, bool> isIts, KeyState state, Func<Record, Record> move)
    {
        if (!_records.TryGetValue(name, out var known))
        {
            return StepOutcome.Absent;
        }

        var isRunning = known.State is KeyState.InProgress or KeyState.Unknown && state is not KeyState.InProgress;
        if (!isIts(known) || (known.State != state && !isRunning))
        {
            return StepOutcome.Stale;
        }

        if (known.State != state || state is KeyState.InProgress)
        {
            _records[name] = move(known);
        }

        return StepOutcome.Done;
    }
}

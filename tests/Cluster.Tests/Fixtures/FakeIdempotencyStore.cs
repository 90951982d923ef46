using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Idempotency;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>Idempotency keys in fake time: what the scripts promise, with the faults of a store.</summary>
internal sealed class FakeIdempotencyStore(TimeProvider time) : IIdempotencyStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Key> _keys = [];

    private sealed record Key(
        KeyState State, long Epoch, string Owner, string Fingerprint, DateTimeOffset Lease, StoredResponse? Response);

    /// <summary>Faults of the calls to come, one each: before it is applied, or after.</summary>
    public Queue<(bool IsApplied, ServiceOverloadedException Failure)?> Faults { get; } = new();

    /// <summary>Whether what is known lies in the older layout only.</summary>
    public bool IsLegacy { get; set; }

    public Task<Begun> BeginAsync(string name, BeginCall asked, TimeSpan retention) =>
        Answer(() =>
        {
            var known = _keys.GetValueOrDefault(name);
            if (known is { State: KeyState.InProgress } && known.Owner == asked.Owner)
            {
                return new Begun(known.Epoch, null, IsLegacy);
            }

            var isAbandoned = known?.State is KeyState.Unknown
                || (known?.State is KeyState.InProgress && known.Lease <= time.GetUtcNow());
            if (known is null or { State: KeyState.Released }
                || (isAbandoned && asked.Abandoned is AbandonedPolicy.Retry && known.Fingerprint == asked.Fingerprint))
            {
                var epoch = (known?.Epoch ?? 0) + 1;
                _keys[name] = new Key(
                    KeyState.InProgress, epoch, asked.Owner, asked.Fingerprint, time.GetUtcNow() + asked.Lease, null);
                return new Begun(epoch, null);
            }

            return new Begun(null, Read(known), IsLegacy);
        });

    public Task<StepOutcome> EndAsync(string name, long epoch, KeyState state, StoredResponse kept, TimeSpan retention) =>
        Answer(() => End(name, key => key.Epoch == epoch, state, kept));

    public Task<StepOutcome> ReleaseAsync(string name, string owner, TimeSpan retention) => Answer(() => End(
        name, key => key.Owner == owner, KeyState.Released, new StoredResponse { Status = 0 }));

    public Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease, TimeSpan retention) => Answer(() =>
    {
        if (!_keys.TryGetValue(name, out var key) || key.Epoch != epoch || key.State is not KeyState.InProgress)
        {
            return key is null ? StepOutcome.Absent : StepOutcome.Stale;
        }

        _keys[name] = key with { Lease = time.GetUtcNow() + lease };
        return StepOutcome.Done;
    });

    public Task<StoredKey?> ReadAsync(string name) =>
        Answer(() => _keys.TryGetValue(name, out var key) ? Read(key) : null);

    private StepOutcome End(string name, Func<Key, bool> isIt, KeyState state, StoredResponse kept)
    {
        if (!_keys.TryGetValue(name, out var key))
        {
            return StepOutcome.Absent;
        }

        if (!isIt(key) || (key.State != state && key.State is not (KeyState.InProgress or KeyState.Unknown)))
        {
            return StepOutcome.Stale;
        }

        // What ended so already stays as it ended.
        _keys[name] = key.State == state ? key : key with { State = state, Response = kept };
        return StepOutcome.Done;
    }

    private StoredKey Read(Key key) =>
        new(key.State, key.Epoch, key.Fingerprint, key.Lease - time.GetUtcNow(), key.Response);

    private async Task<T> Answer<T>(Func<T> answer)
    {
        await Task.Yield();
        lock (_lock)
        {
            var fault = Faults.TryDequeue(out var next) ? next : null;
            if (fault is { IsApplied: false } before)
            {
                throw before.Failure;
            }

            var result = answer();
            return fault is { } after ? throw after.Failure : result;
        }
    }
}

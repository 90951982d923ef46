using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Idempotency;

/// <summary>The store's part of idempotency keys: each step is one call that compares before it writes.</summary>
internal interface IIdempotencyStore
{
    /// <summary>
    /// Claims a key; the epoch if it is the request's now, else what is stored. It is known for as long as the claim
    /// lasts and the retention after that.
    /// </summary>
    Task<(long? Epoch, StoredKey? Stored)> BeginAsync(string name, BeginCall asked, TimeSpan retention);

    /// <summary>Moves a key on for whoever has begun with that epoch.</summary>
    Task<StepOutcome> EndAsync(string name, long epoch, KeyState state, StoredResponse kept, TimeSpan retention);

    /// <summary>Gives back what an owner claimed, if the claim was made at all.</summary>
    Task<StepOutcome> ReleaseAsync(string name, string owner, TimeSpan retention);

    /// <summary>Keeps a claim for longer, and the key for the retention after that.</summary>
    Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease, TimeSpan retention);

    /// <summary>What is stored; null: nothing.</summary>
    Task<StoredKey?> ReadAsync(string name);
}

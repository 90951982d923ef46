using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Idempotency;

/// <summary>What became of a call to begin.</summary>
/// <param name="Epoch">The epoch, if the key is the request's now; else null.</param>
/// <param name="Stored">Else what is stored.</param>
/// <param name="IsLegacy">Whether a record that only the older layout has is what was answered.</param>
internal readonly record struct Begun(long? Epoch, StoredKey? Stored, bool IsLegacy = false);

/// <summary>The store's part of idempotency keys: each step is one call that compares before it writes.</summary>
internal interface IIdempotencyStore
{
    /// <summary>
    /// Claims a key, or says what is stored. The key is known for as long as the claim lasts and the retention after
    /// that.
    /// </summary>
    Task<Begun> BeginAsync(string name, BeginCall asked, TimeSpan retention);

    /// <summary>Moves a key on for whoever has begun with that epoch.</summary>
    Task<StepOutcome> EndAsync(string name, long epoch, KeyState state, StoredResponse kept, TimeSpan retention);

    /// <summary>Gives back what an owner claimed, if the claim was made at all.</summary>
    Task<StepOutcome> ReleaseAsync(string name, string owner, TimeSpan retention);

    /// <summary>Keeps a claim for longer, and the key for the retention after that.</summary>
    Task<StepOutcome> RenewAsync(string name, long epoch, TimeSpan lease, TimeSpan retention);

    /// <summary>What is stored; null: nothing.</summary>
    Task<StoredKey?> ReadAsync(string name);
}

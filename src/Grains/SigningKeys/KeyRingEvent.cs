using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>What was done to a ring.</summary>
internal enum KeyRingOperation
{
    None = 0,
    Create,
    Rotate,
    RotateNow,
    Promote,
    Revoke,
    Destroy,
    Rewrap,
}

/// <summary>One version that a change of its ring moved on: what is worth recording.</summary>
/// <param name="Tenant">Whose ring it is.</param>
/// <param name="Epoch">The ring's epoch after the change.</param>
/// <param name="Operation">What was done.</param>
/// <param name="Number">The version.</param>
/// <param name="From">Its status before; <see cref="KeyStatus.None"/> for a new one.</param>
/// <param name="To">Its status after.</param>
/// <param name="At">When, in the region's time.</param>
/// <param name="Reason">Why, where somebody gave a reason.</param>
internal sealed record KeyRingEvent(
    string Tenant, long Epoch, KeyRingOperation Operation, int Number, KeyStatus From, KeyStatus To, DateTimeOffset At,
    string? Reason);

/// <summary>
/// Is told of every change of a ring after it was made, for areas that record it; not of one whose outcome the store
/// did not tell. Must not throw.
/// </summary>
internal interface IKeyRingObserver
{
    void Changed(KeyRingEvent change);
}

/// <summary>Finds out what a change moved.</summary>
internal static class KeyRingEvents
{
    public static IEnumerable<KeyRingEvent> Between(
        string tenant, KeyRingOperation operation, KeyRingState before, KeyRingState after) =>
        from version in after.Versions
        let known = before.Find(version.Number)
        where known?.Status != version.Status || known.RevokedAt != version.RevokedAt
        select new KeyRingEvent(tenant, after.Epoch, operation, version.Number, known?.Status ?? KeyStatus.None,
            version.Status, after.ChangedAt, version.Reason);

    public static string Name(this KeyRingOperation operation) => operation switch
    {
        KeyRingOperation.Create => "create",
        KeyRingOperation.Rotate => "rotate",
        KeyRingOperation.RotateNow => "rotate_emergency",
        KeyRingOperation.Promote => "promote",
        KeyRingOperation.Revoke => "revoke",
        KeyRingOperation.Destroy => "destroy",
        KeyRingOperation.Rewrap => "rewrap",
        _ => "none",
    };
}

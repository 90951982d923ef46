using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.SigningKeys;

/// <summary>Rings and keys for tests of the core, which does not look into them.</summary>
internal static class Rings
{
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static NewKey Key(int number) =>
        new(number, "ES256", [(byte)number], new WrappedKey("kek", [0], [(byte)number], [0]));

    /// <summary>A ring whose versions have these statuses, v1 first.</summary>
    public static KeyRingState Of(params KeyStatus[] statuses) => new()
    {
        Epoch = 7,
        ChangedAt = Start,
        Versions = [.. statuses.Select((status, i) => Version(i + 1, status))],
    };

    private static KeyVersion Version(int number, KeyStatus status) => new()
    {
        Number = number,
        Algorithm = "ES256",
        Status = status,
        PublicKey = [(byte)number],
        PrivateKey = status is KeyStatus.Destroyed ? null : Key(number).PrivateKey,
        CreatedAt = Start,
        PromoteAt = status is KeyStatus.Pending ? Start.AddSeconds(30) : null,
        ActivatedAt = status is KeyStatus.Pending ? null : Start,
        RetiredAt = status is KeyStatus.Retired or KeyStatus.Destroyed ? Start : null,
        RevokedAt = status is KeyStatus.Revoked ? Start : null,
        Reason = status is KeyStatus.Revoked ? "known" : null,
        DestroyedAt = status is KeyStatus.Destroyed ? Start : null,
    };
}

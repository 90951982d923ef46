using System.Globalization;

namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>Where a version of a key stands in its life.</summary>
[GenerateSerializer, Alias("keys.status")]
public enum KeyStatus
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Published, so that verifiers know it before it signs.</summary>
    Pending = 1,

    /// <summary>Signs. Exactly one of a ring's versions does, or none.</summary>
    Active = 2,

    /// <summary>Signs no more; what it signed is good.</summary>
    Retired = 3,

    /// <summary>Signs no more; what it signed still verifies, marked.</summary>
    Revoked = 4,

    /// <summary>The private key is gone for ever; the public one is kept.</summary>
    Destroyed = 5,
}

/// <summary>The public side of one version.</summary>
[GenerateSerializer, Immutable, Alias("keys.version")]
public sealed record KeyVersionSnapshot
{
    /// <summary>The version, counted from 1 and never used again. Its name is <c>v</c> and this number.</summary>
    [Id(0)] public required int Number { get; init; }

    /// <summary>The algorithm's name.</summary>
    [Id(1)] public required string Algorithm { get; init; }

    /// <summary>
    /// Where it stands. A revoked version that was destroyed, too, is <see cref="KeyStatus.Revoked"/>.
    /// </summary>
    [Id(2)] public required KeyStatus Status { get; init; }

    /// <summary>The public key, in the algorithm's own encoding.</summary>
    [Id(3)] public required byte[] PublicKey { get; init; }

    /// <summary>When it was made.</summary>
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a pending version is promoted by itself.</summary>
    [Id(5)] public DateTimeOffset? PromoteAt { get; init; }

    /// <summary>When it began to sign.</summary>
    [Id(6)] public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When another one took over.</summary>
    [Id(7)] public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>When it was revoked; null also when the configuration revokes it, which says no time.</summary>
    [Id(8)] public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was revoked, in the words of whoever did.</summary>
    [Id(9)] public string? Reason { get; init; }

    /// <summary>When its private key was erased.</summary>
    [Id(10)] public DateTimeOffset? DestroyedAt { get; init; }

    /// <summary>The version's name, also its <c>kid</c>.</summary>
    public string Name => KeyVersions.Name(Number);
}

/// <summary>The public side of a tenant's ring, as it counts now: the configuration's revocations are in it.</summary>
[GenerateSerializer, Immutable, Alias("keys.ring")]
public sealed record KeyRingSnapshot
{
    /// <summary>The tenant.</summary>
    [Id(0)] public required string Tenant { get; init; }

    /// <summary>Counts the changes of the ring; 0: there is none yet.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>Names this content; another version, other content.</summary>
    [Id(2)] public required string Version { get; init; }

    /// <summary>All versions, the oldest first.</summary>
    [Id(3)] public required IReadOnlyList<KeyVersionSnapshot> Versions { get; init; }

    /// <summary>The entity tag of the ring.</summary>
    public string ETag => $"\"{Version}\"";

    /// <summary>Finds a version by its number.</summary>
    public KeyVersionSnapshot? Find(int number) =>
        number >= 1 && number <= Versions.Count ? Versions[number - 1] : null;
}

/// <summary>How versions are named.</summary>
public static class KeyVersions
{
    /// <summary>The rule for a version's name, in words.</summary>
    public const string Rule = "must be v and a number from 1 on, such as v1";

    /// <summary>The name of a version.</summary>
    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"v{number}");

    /// <summary>Reads a name. Only the very form that <see cref="Name"/> writes is one.</summary>
    public static bool TryParse(ReadOnlySpan<char> name, out int number)
    {
        number = 0;
        // The runtime's own parser takes NULs behind a number.
        return name.Length is > 1 and <= 10 && name[0] == 'v' && name[1] is >= '1' and <= '9'
            && !name[1..].ContainsAnyExceptInRange('0', '9')
            && int.TryParse(name[1..], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}

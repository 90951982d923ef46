using System.Globalization;
using System.Text.Json.Serialization;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>A tenant's ring as it is stored: one document.</summary>
internal sealed record KeyRingState
{
    /// <summary>No ring yet.</summary>
    public static KeyRingState Empty { get; } = new();

    /// <summary>Counts the changes; 0: no ring yet.</summary>
    public long Epoch { get; init; }

    /// <summary>
    /// Another one for each change. A store that lost a change and took another one has the same epoch twice, and not
    /// the same ring.
    /// </summary>
    public string Stamp { get; init; } = "";

    /// <summary>Names this very ring.</summary>
    [JsonIgnore]
    public string Revision => string.Create(CultureInfo.InvariantCulture, $"{Epoch}:{Stamp}");

    /// <summary>When it was last changed. Time never goes back in a ring, whatever a clock says.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>All versions, v1 first; none is ever taken out, so that no number is used twice.</summary>
    public IReadOnlyList<KeyVersion> Versions { get; init; } = [];

    [JsonIgnore]
    public KeyVersion? Active => Versions.FirstOrDefault(version => version.Status is KeyStatus.Active);

    [JsonIgnore]
    public KeyVersion? Pending => Versions.FirstOrDefault(version => version.Status is KeyStatus.Pending);

    /// <summary>Whether each version is in its place, with a status that this version of the product knows.</summary>
    public bool IsWhole() => Versions.Index().All(static version =>
        version.Item is { Status: > KeyStatus.None and <= KeyStatus.Destroyed } known
        && known.Number == version.Index + 1);

    public KeyVersion? Find(int number) => number >= 1 && number <= Versions.Count ? Versions[number - 1] : null;
}

/// <summary>One version, with its wrapped private key.</summary>
internal sealed record KeyVersion
{
    public required int Number { get; init; }

    public required string Algorithm { get; init; }

    public required KeyStatus Status { get; init; }

    public required byte[] PublicKey { get; init; }

    /// <summary>Null once it is destroyed.</summary>
    public WrappedKey? PrivateKey { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? PromoteAt { get; init; }

    public DateTimeOffset? ActivatedAt { get; init; }

    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>Stays when the version is destroyed afterwards.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? DestroyedAt { get; init; }
}

/// <summary>A private key under a key-encryption key: AES-256-GCM.</summary>
/// <param name="Kek">Names the key-encryption key.</param>
/// <param name="Nonce">12 random bytes.</param>
/// <param name="Ciphertext">The encrypted key.</param>
/// <param name="Tag">16 bytes.</param>
internal sealed record WrappedKey(string Kek, byte[] Nonce, byte[] Ciphertext, byte[] Tag);

/// <summary>A key pair that was made for one version of one ring, and is of use in no other.</summary>
/// <param name="Number">The version.</param>
/// <param name="Algorithm">The algorithm's name.</param>
/// <param name="PublicKey">The public key.</param>
/// <param name="PrivateKey">The wrapped private key.</param>
internal sealed record NewKey(int Number, string Algorithm, byte[] PublicKey, WrappedKey PrivateKey);

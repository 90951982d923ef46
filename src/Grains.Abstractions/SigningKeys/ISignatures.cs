namespace Gatehouse.Grains.Abstractions.SigningKeys;

/// <summary>
/// Signs with a tenant's active key: in this process where it hosts a silo, else on a silo of the cluster.
/// </summary>
public interface ISignatures
{
    /// <summary>Signs each item with the same version; all of them or none.</summary>
    /// <param name="tenant">The tenant; the first call makes its first key.</param>
    /// <param name="number">The version that it has to be; null: whichever is active.</param>
    /// <param name="items">What is to be signed.</param>
    /// <exception cref="Resilience.ServiceOverloadedException">The ring's lease cannot be renewed now.</exception>
    ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items);
}

/// <summary>Signs on whichever silo the call arrives at. The key is a lane and the tenant's id.</summary>
[Alias("keys.signer")]
public interface ISignerGrain : IGrainWithStringKey
{
    /// <summary>See <see cref="ISignatures.SignAsync"/>.</summary>
    [Alias("sign"), ResponseTimeout("00:00:05")]
    Task<SignResult> SignAsync(int? number, IReadOnlyList<byte[]> items);
}

/// <summary>What became of a call to sign.</summary>
[GenerateSerializer, Alias("keys.sign-outcome")]
public enum SignOutcome
{
    /// <summary>Not set; never an answer.</summary>
    None = 0,

    /// <summary>Signed.</summary>
    Done = 1,

    /// <summary>The version that was asked for, or the ring's last active one, is revoked.</summary>
    Revoked = 2,

    /// <summary>The version that was asked for is not the active one.</summary>
    NotActive = 3,

    /// <summary>The ring has no such version.</summary>
    NotFound = 4,

    /// <summary>The wrapped key does not open.</summary>
    Unreadable = 5,
}

/// <summary>Signatures, or why there are none.</summary>
[GenerateSerializer, Immutable, Alias("keys.sign-result")]
public sealed record SignResult
{
    /// <summary>What became of the call.</summary>
    [Id(0)] public required SignOutcome Outcome { get; init; }

    /// <summary>The version that signed, or that was refused.</summary>
    [Id(1)] public int Number { get; init; }

    /// <summary>The name of its algorithm.</summary>
    [Id(2)] public string Algorithm { get; init; } = "";

    /// <summary>One signature per item, in their order.</summary>
    [Id(3)] public IReadOnlyList<byte[]> Signatures { get; init; } = [];
}

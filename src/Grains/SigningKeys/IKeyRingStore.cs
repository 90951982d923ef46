namespace Gatehouse.Grains.SigningKeys;

/// <summary>
/// The regional store's rings, the leases of those who sign with them, and which key wraps which ring.
/// </summary>
internal interface IKeyRingStore
{
    /// <summary>Reads a ring; one that does not exist is empty.</summary>
    /// <exception cref="Abstractions.Resilience.ServiceOverloadedException">
    /// The store is away, or what it holds is not of this version of the product.
    /// </exception>
    Task<KeyRingState> ReadAsync(string tenant);

    /// <summary>
    /// Replaces a ring by the next one, durably, if it is still the one that was read. False: it is another one.
    /// </summary>
    Task<bool> ReplaceAsync(string tenant, KeyRingState before, KeyRingState next);

    /// <summary>Asks for a lease on the ring that the signer holds.</summary>
    Task<LeaseAnswer> LeaseAsync(string tenant, string signer, KeyRingState held, TimeSpan duration);

    /// <summary>How many leases on rings before that one have not run out; null: that cannot be known.</summary>
    Task<int?> HoldersAsync(string tenant, KeyRingState ring);

    /// <summary>Which key-encryption keys each tenant's ring needs; a ring that needs none may be left out.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ReadKeksAsync();

    /// <summary>Notes which key-encryption keys a tenant's ring needs.</summary>
    Task WriteKeksAsync(string tenant, IReadOnlyList<string> ids);
}

/// <summary>The store's answer to who wants to sign.</summary>
/// <param name="Epoch">The epoch of the present ring; 0: there is none.</param>
/// <param name="Ring">The present ring, when it is another one than the signer holds; else the lease was given.</param>
internal sealed record LeaseAnswer(long Epoch, KeyRingState? Ring)
{
    /// <summary>Whether the lease was given.</summary>
    public bool IsGiven => Epoch > 0 && Ring is null;
}

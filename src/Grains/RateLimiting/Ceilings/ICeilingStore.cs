namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>The regional store's counts of subjects: what was admitted, and what is reserved.</summary>
internal interface ICeilingStore
{
    /// <summary>Changes a subject's counts once, however often it is sent, and answers with everybody's.</summary>
    /// <exception cref="InvalidDataException">The store holds something else under that key.</exception>
    Task<ReserveAnswer> ReserveAsync(string key, string owner, ReserveRequest request);

    /// <summary>Forgets a subject's counts.</summary>
    Task DeleteAsync(string key);
}

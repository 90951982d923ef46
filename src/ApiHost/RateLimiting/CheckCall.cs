using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>One check, with all that was found out about it before anybody decides.</summary>
/// <param name="Key">The counter.</param>
/// <param name="Policy">The policy as this host knows it.</param>
/// <param name="PolicyKnownFor">For how long this host has known the tenant's document just so.</param>
/// <param name="Cost">The units; 0 is a peek.</param>
/// <param name="Address">The exact address, where the policy has lists that may name it.</param>
internal readonly record struct CheckCall(
    RateLimitKey Key, RateLimitPolicy Policy, TimeSpan PolicyKnownFor, long Cost, string? Address);

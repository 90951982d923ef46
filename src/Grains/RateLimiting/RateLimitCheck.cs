namespace Gatehouse.Grains.RateLimiting;

/// <summary>One call to decide on.</summary>
/// <param name="Cost">The units it takes; 0 is a peek.</param>
/// <param name="Address">The exact address of an IP subject, for lists finer than the subject; else null.</param>
internal readonly record struct RateLimitCheck(long Cost, string? Address);

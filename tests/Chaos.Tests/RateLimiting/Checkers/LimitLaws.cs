namespace Gatehouse.Chaos.Tests.RateLimiting.Checkers;

/// <summary>The laws by the names that policies give them.</summary>
internal static class LimitLaws
{
    public static IReadOnlyList<ILimitLaw> All { get; } =
        [new SlidingWindowLaw(), new TokenBucketLaw(), new FixedWindowLaw()];

    public static ILimitLaw Named(string algorithm) => All.Single(law => law.ToString() == algorithm);
}

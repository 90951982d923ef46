namespace Gatehouse.Grains.Tests.RateLimiting;

/// <summary>How often a property is tried: fewer times for each mutant, of which there are hundreds.</summary>
internal static class Tries
{
#if MUTATION
    public static int Of(int count) => Math.Max(100, count / 20);
#else
    public static int Of(int count) => count;
#endif
}

using System.Globalization;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>
/// What makes a process see another time of day than all others; how long things take is as it is. By seconds: Orleans
/// lets nobody in whose clock is off by more than it takes to be held for dead (docs/runbooks/GatehouseClockSkew.md).
/// </summary>
internal static class WrongClock
{
    private const string Library = "libfaketimeMT.so.1";

    /// <summary>
    /// The variables of its environment. Without libfaketime the test is skipped, or fails in CI, where a skip would hide
    /// it.
    /// </summary>
    public static Dictionary<string, string> Settings(TimeSpan ahead)
    {
        var found = Directory.EnumerateDirectories("/usr/lib")
            .Select(folder => Path.Combine(folder, "faketime", Library)).FirstOrDefault(File.Exists);
        const string advice = $"{Library} is not in /usr/lib; install it (Debian: apt-get install faketime).";
        Assert.False(found is null && Environment.GetEnvironmentVariable("CI") == "true", advice);
        Assert.SkipWhen(found is null, advice);
        return new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = found!,
            ["FAKETIME"] = string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0}s"),
        };
    }
}

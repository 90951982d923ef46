using System.Diagnostics;

namespace Gatehouse.Grains.Storage;

/// <summary>
/// Points at which a test lets a real process die, as by <c>kill -9</c>. Not in a Release build.
/// </summary>
internal static class Failpoint
{
    /// <summary>The environment variable that names the one to die at.</summary>
    public const string Variable = "GATEHOUSE_FAILPOINT";

    [Conditional("DEBUG")]
    public static void Reach(string name)
    {
        if (Environment.GetEnvironmentVariable(Variable) == name)
        {
            Process.GetCurrentProcess().Kill();
        }
    }
}

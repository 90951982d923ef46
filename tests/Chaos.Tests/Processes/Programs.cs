namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Finds programs that a test cannot do without.</summary>
internal static class Programs
{
    /// <summary>
    /// The path of a program. Without it the test is skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static string Require(string name, string package)
    {
        // Debian keeps servers where only root looks for programs.
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin");
        var path = folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        var advice = $"{name} is not on the path; install it (Debian: apt-get install {package}).";
        if (path is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(advice);
        }

        Assert.SkipWhen(path is null, advice);
        return path!;
    }
}

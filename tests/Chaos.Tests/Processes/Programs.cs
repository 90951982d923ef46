namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Finds programs that a test cannot do without.</summary>
internal static class Programs
{
    /// <summary>
    /// The path of a program. Without it the test is skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static string Require(string name, string package)
    {
        var path = Find(name);
        var advice = $"{name} is not on the path; install it (Debian: apt-get install {package}).";
        if (path is null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(advice);
        }

        Assert.SkipWhen(path is null, advice);
        return path!;
    }

    /// <summary>The path of a program that a test can do without; null: it is not here.</summary>
    public static string? Find(string name)
    {
        // Debian keeps servers where only root looks for programs.
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin");
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}

using System.Diagnostics;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Deploy.Tests;

/// <summary>What a program answered.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    public string All => Output + Errors;
}

/// <summary>Runs the programs that judge what is in <c>deploy/</c>.</summary>
internal static class Tool
{
    private static readonly TimeSpan Max = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs a program to its end. Without it the test is skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static async Task<ToolResult> RunAsync(
        string name, string package, IEnumerable<string> arguments, string? input = null, string? folder = null)
    {
        var start = new ProcessStartInfo(Programs.Require(name, package), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Root,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Max);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ToolResult(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs a program of <c>Checks/</c>, whose packages <c>npm ci</c> installs there.</summary>
    public static async Task<string> NodeAsync(string script, string? input = null, params string[] arguments)
    {
        var folder = Repository.PathOf("tests", "Deploy.Tests", "Checks");
        const string Advice = "Run npm ci --ignore-scripts in tests/Deploy.Tests/Checks first.";
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", Advice);
            Assert.Fail(Advice);
        }

        var result = await RunAsync("node", "nodejs", [Path.Combine(folder, script), .. arguments], input, folder);
        Assert.True(result.ExitCode == 0, result.All);
        return result.Output;
    }
}

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit.Runner.InProc.SystemConsole;

namespace Gatehouse.Chaos.Tests.Scenarios;

/// <summary>
/// The long form of the scenarios: each again and again, with new seeds, for an equal part of a time. Ends with 0 when no
/// promise was broken.
/// </summary>
internal static partial class Soak
{
    public static async Task<int> RunAsync(string text)
    {
        if (DurationText().Match(text) is not { Success: true } match)
        {
            await Console.Error.WriteLineAsync(
                "usage: dotnet run --project tests/Chaos.Tests -- soak <duration>   (such as 30m or 8h)");
            return 2;
        }

        var number = int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        var duration = match.Groups["unit"].Value == "h" ? TimeSpan.FromHours(number) : TimeSpan.FromMinutes(number);
        var share = duration / Scenarios();
        Environment.SetEnvironmentVariable(ChaosRounds.DurationName, share.ToString("c", CultureInfo.InvariantCulture));
        var exitCode = await ConsoleRunner.Run(["-noColor", "-namespace", typeof(Soak).Namespace!, "-showLiveOutput"]);
        Console.WriteLine(
            $"{ChaosRounds.Played} rounds, {ChaosRun.Requests:N0} requests, {ChaosRun.Violations} promises broken.");
        return exitCode;
    }

    private static int Scenarios() => (
        from type in typeof(Soak).Assembly.GetTypes()
        where type.Namespace == typeof(Soak).Namespace
        from method in type.GetMethods()
        let cases = method.GetCustomAttributes<InlineDataAttribute>().Count()
        select method.IsDefined(typeof(FactAttribute), inherit: true) ? Math.Max(1, cases) : 0).Sum();

    [GeneratedRegex(@"^(?<number>[1-9]\d{0,3})(?<unit>[mh])$")]
    private static partial Regex DurationText();
}

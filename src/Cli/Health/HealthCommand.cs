using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli.Health;

/// <summary><c>gatehouse health</c>: whether a process takes requests, and how what it needs is.</summary>
internal static class HealthCommand
{
    private const string Healthy = "Healthy";

    public static Command Create(CommandFactory commands) => commands.Asks(
        new ExampleCommand(
            "health", "Says whether a process is ready, and how its dependencies are. Ends with 0 when all is well.",
            "gatehouse health", "gatehouse health --url http://localhost:8081 --key-file admin-key"),
        RunAsync);

    private static async Task<int> RunAsync(Call call, CancellationToken cancellation)
    {
        using var api = call.OpenApi();
        var ready = await api.SendAsync(HttpMethod.Get, "health/ready", null, null, cancellation);
        var word = ready.Text.Trim();
        if (word is not (Healthy or "Degraded" or "Unhealthy"))
        {
            throw CommandFailure.Unreachable(
                $"{api.Url}health/ready answered {ready.Status}, and not as Gatehouse does: is the address right?");
        }

        var detail = await api.SendAsync(HttpMethod.Get, "health/dependencies", null, null, cancellation);
        var known = detail.Json is { } json && json["entries"] is JsonObject ? json : null;
        var answer = new JsonObject
        {
            ["ready"] = word,
            ["dependencies"] = known?.DeepClone(),
            ["note"] = known is null ? Note(detail) : null,
        };
        call.Write(answer, () => Write(call, answer));
        return word == Healthy && (known.Text("status") ?? Healthy) == Healthy ? ExitCodes.Ok : ExitCodes.Refused;
    }

    /// <summary>Why there is no detail: an older server has none, and it is not for everybody.</summary>
    private static string Note(Answer answer) => answer.Status switch
    {
        404 => "this address has no /health/dependencies: an older version, or the admin listener has it",
        401 or 403 =>
            $"the dependencies are for the admin: set {ServerOptions.KeyVariable} or --key-file to the admin key",
        var status => $"/health/dependencies answered {status}",
    };

    private static void Write(Call call, JsonObject answer)
    {
        call.Terminal.WriteLine($"ready  {answer.Text("ready")}");
        if (answer["dependencies"]?["entries"] is JsonObject entries)
        {
            call.Terminal.WriteLine("");
            Table.Write(
                call.Terminal, ["DEPENDENCY", "STATUS", "TOOK", "DESCRIPTION"],
                entries.Select(static entry => new[]
                {
                    entry.Key, entry.Value.Cell("status"), entry.Value.Cell("duration"),
                    entry.Value.Cell("description"),
                }));
        }
        else
        {
            call.Terminal.WriteLine($"note   {answer.Text("note")}");
        }
    }
}

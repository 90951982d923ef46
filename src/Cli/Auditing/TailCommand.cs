using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli.Auditing;

/// <summary><c>gatehouse audit tail</c>: shows events as they are recorded, until Ctrl-C.</summary>
internal static class TailCommand
{
    /// <summary>The server says that it lives every 10 s.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(35);

    /// <summary>As the server has it in its field <c>retry</c>.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    public static Command Create(CommandFactory commands)
    {
        var tenant = new Argument<string>("tenant") { Description = "The tenant's id." };
        var from = new Option<long?>("--from")
        {
            Description = "The place of the first event to show. Default: what comes next.",
            HelpName = "seq",
        };
        var command = new ExampleCommand(
            "tail", "Shows events as they are recorded, until Ctrl-C. With --json a line each, as they are. Needs the "
                + "scope audit:read.",
            "gatehouse audit tail acme", "gatehouse audit tail acme --from 0 --json | jq .action")
        {
            tenant, from,
        };
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            try
            {
                await FollowAsync(call, api, call.Get(tenant), call.Get(from), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Ctrl-C is how one ends this, and no failure.
            }

            return ExitCodes.Ok;
        });
    }

    private static async Task FollowAsync(
        Call call, GatehouseApi api, string tenant, long? from, CancellationToken cancellation)
    {
        // From a place that is known: what is recorded while the connection is away is not missed.
        from ??= long.Parse(
            (await api.GetAsync(GatehouseApi.Of(tenant, "audit", "head"), cancellation)).Json.Text("size")!,
            CultureInfo.InvariantCulture);
        string? last = null;
        var (wasConnected, isLost) = (false, false);
        while (true)
        {
            try
            {
                using var response = await api.OpenAsync(
                    FormattableString.Invariant($"{GatehouseApi.Of(tenant, "audit", "tail")}?from={from}"),
                    last is null ? [] : [("Last-Event-ID", last)], cancellation);
                (wasConnected, isLost) = (true, false);
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
                // Disposing of the response ends a read that waits.
                await foreach (var found in EventStream.ReadAsync(
                    reader, line => line.WaitAsync(SilenceMax, call.Terminal.Time, cancellation)))
                {
                    last = found.Id ?? last;
                    Show(call, found);
                }
            }
            catch (Exception lost) when (wasConnected && !cancellation.IsCancellationRequested && IsPassing(lost))
            {
                if (!isLost)
                {
                    call.Terminal.WriteError("connection lost; trying again, nothing is missed");
                }

                isLost = true;
            }

            await Task.Delay(AgainAfter, call.Terminal.Time, cancellation);
        }
    }

    /// <summary>What ends by itself. A credential that was revoked does not.</summary>
    private static bool IsPassing(Exception failure) => failure
        is IOException or HttpRequestException or TimeoutException
        or CommandFailure { Code: "unreachable" or "service_overloaded" or "door_limited" };

    private static void Show(Call call, StreamedEvent found)
    {
        if (found.Data is not { } data)
        {
            return;
        }

        if (call.IsJson)
        {
            call.Terminal.Output.WriteLine(data);
        }
        else
        {
            call.Terminal.WriteLine(Line(data));
        }

        call.Terminal.Output.Flush();
    }

    /// <summary>One line of an event: place, time, who, what, of what, how it ended.</summary>
    internal static string Line(string data)
    {
        try
        {
            var entry = JsonNode.Parse(data);
            var (actor, resource) = (entry?["actor"], entry?["resource"]);
            return string.Join(
                "  ", entry.Cell("seq"), entry.Cell("recordedAt"), $"{actor.Cell("type")}:{actor.Cell("id")}",
                entry.Cell("action"), resource is null ? "-" : $"{resource.Cell("type")}:{resource.Cell("id")}",
                entry.Cell("outcome"));
        }
        catch (JsonException)
        {
            return data;
        }
    }
}

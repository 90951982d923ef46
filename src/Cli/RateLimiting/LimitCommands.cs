using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cli.RateLimiting;

/// <summary><c>gatehouse limit</c>: what a policy says of a caller, and one real check.</summary>
internal static class LimitCommands
{
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's id." };
    private static readonly Argument<string> Policy = new("policy") { Description = "The policy, such as default." };

    public static Command Create(CommandFactory commands)
    {
        var group = new ExampleCommand("limit", "Rate limits: explain them, try them.");
        group.Add(Explain(commands));
        group.Add(Check(commands));
        return group;
    }

    private static Command Explain(CommandFactory commands)
    {
        var guess = new Argument<string?>("subject")
        {
            Description = "The caller: an address, or else a name.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampleCommand(
            "explain", "Says what applies to a caller and why. Counts nothing. Needs the scopes ratelimit:read and "
                + "ratelimit:check.",
            "gatehouse limit explain acme login 203.0.113.7",
            "gatehouse limit explain acme login --subject alice --json")
        {
            Tenant, Policy, guess,
        };
        var subjects = new SubjectOptions().AddTo(command);
        return commands.Asks(
            command, (call, cancellation) => ExplainAsync(call, subjects, call.Get(guess), cancellation));
    }

    private static async Task<int> ExplainAsync(
        Call call, SubjectOptions subjects, string? guess, CancellationToken cancellation)
    {
        using var api = call.OpenApi();
        var (tenant, name, subject) = (call.Get(Tenant), call.Get(Policy), subjects.Read(call, guess));
        var document = await api.GetAsync(GatehouseApi.Of(tenant, "rate-limits", name), cancellation);
        var regions = await api.GetAsync("v1/regions", cancellation);
        var peek = subject is null ? null
            : await AskAsync(api, tenant, name, subject, cost: 0, cancellation);
        var policy = document.Json.Deserialize<RateLimitPolicy>(JsonSerializerOptions.Web)!;
        var region = regions.Json.Items("items").FirstOrDefault(static region => region.Text("heardAgoMs") is null);
        var facts = new LimitFacts(tenant, name, policy, subject, region, peek);
        var lines = LimitExplanation.Of(facts);
        call.Write(
            new JsonObject
            {
                ["policy"] = document.Json!.DeepClone(),
                ["region"] = region?.DeepClone(),
                ["subject"] = subject?.Text,
                ["decision"] = peek?.DeepClone(),
                ["explanation"] = new JsonObject(lines.Select(static line =>
                    KeyValuePair.Create(line.About, (JsonNode?)line.Says))),
            },
            () => Table.WriteFields(
                call.Terminal, [.. lines.Select(static line => (line.About, (string?)line.Says))]));
        return ExitCodes.Ok;
    }

    private static Command Check(CommandFactory commands)
    {
        var cost = new Option<long>("--cost")
        {
            Description = "Units the call takes; 0 looks and counts nothing.",
            HelpName = "units",
            DefaultValueFactory = static _ => 1,
        };
        var command = new ExampleCommand(
            "check", "Makes one check, which counts. Ends with 0 when it is allowed, with 1 when it is refused. Needs "
                + "the scope ratelimit:check.",
            "gatehouse limit check acme login --ip 203.0.113.7",
            "gatehouse limit check acme login --subject alice --cost 5")
        {
            Tenant, Policy, cost,
        };
        var subjects = new SubjectOptions().AddTo(command);
        return commands.Asks(command, async (call, cancellation) =>
        {
            var subject = subjects.Read(call)
                ?? throw CommandFailure.Usage("--ip or --subject is required: whose check it is");
            using var api = call.OpenApi();
            var answer = await AskAsync(api, call.Get(Tenant), call.Get(Policy), subject, call.Get(cost), cancellation);
            call.Write(answer, () => Write(call, answer));
            return answer.Flag("allowed") ? ExitCodes.Ok : ExitCodes.Refused;
        });
    }

    /// <summary>Asks for a decision. A refusal of the caller is one; a refusal of this request is not.</summary>
    private static async Task<JsonObject> AskAsync(
        GatehouseApi api, string tenant, string policy, Subject subject, long cost, CancellationToken cancellation)
    {
        var answer = await api.SendAsync(
            HttpMethod.Post, GatehouseApi.Of(tenant, "rate-limits", policy, "check"), subject.ToRequest(cost), null,
            cancellation);
        return answer.Json.Text("allowed") is null ? throw Refusal.Of(answer) : answer.Json!;
    }

    private static void Write(Call call, JsonObject answer) => Table.WriteFields(
        call.Terminal,
        ("allowed", answer.Text("allowed")),
        ("reason", answer.Text("reason")),
        ("limit", answer.Text("limit")),
        ("effective", answer.Flag("cold") ? $"{answer.Text("effectiveLimit")} (the region is young)"
            : answer.Text("effectiveLimit")),
        ("remaining", answer.Text("remaining")),
        ("complete in", $"{answer.Text("resetAfterMs")} ms"),
        ("retry in", LimitExplanation.Retry(answer)),
        ("degraded", answer.Flag("degraded") ? "the caller's own history could not be used" : null),
        ("policy", answer.Text("policy")));
}

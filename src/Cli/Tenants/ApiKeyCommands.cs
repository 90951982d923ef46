using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli.Tenants;

/// <summary><c>gatehouse tenant key</c>: API keys of a tenant.</summary>
internal static class ApiKeyCommands
{
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's id." };
    private static readonly Argument<string> Id = new("id") { Description = "The key's id, as 'list' shows it." };

    public static Command Create(CommandFactory commands)
    {
        var group = new ExampleCommand("key", "API keys of a tenant.");
        group.Add(New(commands));
        group.Add(List(commands));
        group.Add(Revoke(commands));
        return group;
    }

    private static Command New(CommandFactory commands)
    {
        var scopes = new Option<string[]>("--scope")
        {
            Description = "What the key may do, such as ratelimit or audit:read. Several may be given.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var expires = new Option<string>("--expires")
        {
            Description = "From when on it is refused, such as 2030-01-31T00:00:00Z. Default: never.",
            HelpName = "time",
        };
        var command = new ExampleCommand(
            "new", "Issues a key. It is shown this once.",
            "gatehouse tenant key new acme --scope ratelimit audit:write",
            "gatehouse tenant key new acme --scope audit:read --expires 2030-01-31T00:00:00Z --json")
        {
            Tenant, scopes, expires,
        };
        var change = new ChangeOptions().AddTo(command);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var body = new JsonObject
            {
                ["scopes"] = new JsonArray([.. call.Get(scopes)!.Select(static scope => (JsonNode)scope)]),
                ["expiresAt"] = Time(call.Get(expires)),
            };
            var answer = await api.ChangeAsync(
                HttpMethod.Post, GatehouseApi.Of(call.Get(Tenant), "api-keys"), body, change.KeyOf(call), cancellation);
            call.Write(answer.Json!, () => Table.WriteFields(
                call.Terminal,
                ("key (keep it: it is not shown again)", answer.Json.Text("key")),
                ("id", answer.Json.Text("id")),
                ("scopes", Scopes(answer.Json)),
                ("expires", answer.Json.Text("expiresAt") ?? "never")));
            return ExitCodes.Ok;
        });
    }

    private static Command List(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "list", "Lists the keys of a tenant, without their secrets.", "gatehouse tenant key list acme") { Tenant };
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var keys = await api.ListAsync(GatehouseApi.Of(call.Get(Tenant), "api-keys"), cancellation);
            call.Write(new JsonObject { ["items"] = keys }, () => Table.Write(
                call.Terminal, ["ID", "SCOPES", "CREATED", "EXPIRES", "REVOKED", "SOURCE"],
                keys.Select(static key => new[]
                {
                    key.Cell("id"), Scopes(key), key.Cell("createdAt"), key.Cell("expiresAt"), key.Cell("revokedAt"),
                    key.Cell("source"),
                })));
            return ExitCodes.Ok;
        });
    }

    private static Command Revoke(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "revoke", "Revokes a key: it is refused from then on.",
            "gatehouse tenant key revoke acme acme.k3j9x0q2ab --yes")
        {
            Tenant, Id,
        };
        var change = new ChangeOptions().AddTo(command, asks: true);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var (tenant, id) = (call.Get(Tenant), call.Get(Id));
            call.Confirm(call.Get(change.Yes), $"Revoke API key {id} of tenant {tenant} at {api.Url}?");
            await api.ChangeAsync(
                HttpMethod.Delete, GatehouseApi.Of(tenant, "api-keys", id), null, change.KeyOf(call), cancellation);
            call.Write(
                new JsonObject { ["ok"] = true, ["id"] = id, ["status"] = "revoked" },
                () => call.Terminal.WriteLine($"API key {id} is revoked"));
            return ExitCodes.Ok;
        });
    }

    private static string Scopes(JsonNode? key) => string.Join(' ', key.Items("scopes").Select(scope => $"{scope}"));

    /// <summary>The server is as strict; this says which option it is.</summary>
    private static string? Time(string? text) =>
        text is null || (text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
                ? text
                : throw CommandFailure.Usage("--expires must be a time with an offset, such as 2030-01-31T00:00:00Z");
}

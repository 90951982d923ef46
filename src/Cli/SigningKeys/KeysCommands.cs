using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli.SigningKeys;

/// <summary><c>gatehouse keys</c>: the versions of a tenant's signing key.</summary>
internal static class KeysCommands
{
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's id." };
    private static readonly Argument<string> Version = new("version") { Description = "The version, such as v1." };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for whoever verifies.",
        HelpName = "text",
    };

    public static Command Create(CommandFactory commands)
    {
        var group = new ExampleCommand("keys", "Signing keys of a tenant: look, rotate, revoke.");
        group.Add(List(commands));
        group.Add(Show(commands));
        group.Add(Rotate(commands));
        group.Add(Revoke(commands));
        return group;
    }

    private static Command List(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "list", "Lists all versions, the oldest first. Needs the scope keys:read.", "gatehouse keys list acme")
        {
            Tenant,
        };
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var keys = await api.ListAsync(GatehouseApi.Of(call.Get(Tenant), "keys"), cancellation);
            call.Write(new JsonObject { ["items"] = keys }, () => Table.Write(
                call.Terminal,
                ["VERSION", "STATUS", "ALGORITHM", "CREATED", "ACTIVATED", "RETIRED", "REVOKED", "REASON"],
                keys.Select(static key => new[]
                {
                    key.Cell("version"), key.Cell("status"), key.Cell("algorithm"), key.Cell("createdAt"),
                    key.Cell("activatedAt"), key.Cell("retiredAt"), key.Cell("revokedAt"), key.Cell("reason"),
                })));
            return ExitCodes.Ok;
        });
    }

    private static Command Show(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "show", "Shows a version and its public key. Needs the scope keys:read.", "gatehouse keys show acme v1")
        {
            Tenant, Version,
        };
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var (tenant, version) = (call.Get(Tenant), call.Get(Version));
            var keys = await api.ListAsync(GatehouseApi.Of(tenant, "keys"), cancellation);
            var key = keys.FirstOrDefault(key => key.Text("version") == version)?.DeepClone() as JsonObject
                ?? throw new CommandFailure(
                    ExitCodes.Refused, "key_version_not_found", $"tenant {tenant} has no key version {version}");
            var set = await api.GetAsync(
                $"{GatehouseApi.Of(tenant, "keys", "jwks.json")}?revoked=include", cancellation);
            key["jwk"] = set.Json.Items("keys").FirstOrDefault(jwk => jwk.Text("kid") == version)?.DeepClone();
            call.Write(key, () => Write(call, key));
            return ExitCodes.Ok;
        });
    }

    private static Command Rotate(CommandFactory commands)
    {
        var emergency = new Option<bool>("--emergency")
        {
            Description = "The key may be known to others: a new one signs at once, the old one is revoked.",
        };
        var algorithm = new Option<string>("--algorithm")
        {
            Description = "What the new key signs with: ES256 or Ed25519. Default: as the server is configured.",
            HelpName = "name",
        };
        var command = new ExampleCommand(
            "rotate", "Publishes a new version, which takes over by itself. Needs the scope keys:write.",
            "gatehouse keys rotate acme", "gatehouse keys rotate acme --emergency --reason 'laptop stolen'")
        {
            Tenant, emergency, algorithm, Reason,
        };
        var change = new ChangeOptions().AddTo(command, asks: true);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var (tenant, isEmergency) = (call.Get(Tenant), call.Get(emergency));
            call.Confirm(
                !isEmergency || call.Get(change.Yes),
                $"Revoke the active key of {tenant} at {api.Url} now, and sign with a new one?");
            var body = new JsonObject { ["emergency"] = isEmergency };
            Put(body, "algorithm", call.Get(algorithm));
            Put(body, "reason", call.Get(Reason));
            var answer = await api.ChangeAsync(
                HttpMethod.Post, GatehouseApi.Of(tenant, "keys", "rotate"), body, change.KeyOf(call), cancellation);
            call.Write(answer.Json!, () => Write(call, answer.Json!));
            return ExitCodes.Ok;
        });
    }

    private static Command Revoke(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "revoke", "Revokes a version: it signs nothing more once this is answered. Needs the scope keys:write.",
            "gatehouse keys revoke acme v1 --reason 'laptop stolen' --yes")
        {
            Tenant, Version, Reason,
        };
        var change = new ChangeOptions().AddTo(command, asks: true);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var (tenant, version) = (call.Get(Tenant), call.Get(Version));
            call.Confirm(
                call.Get(change.Yes),
                $"Revoke key {version} of {tenant} at {api.Url}, for good? It signs nothing more.");
            var body = new JsonObject();
            Put(body, "reason", call.Get(Reason));
            var answer = await api.ChangeAsync(
                HttpMethod.Post, GatehouseApi.Of(tenant, "keys", version, "revoke"), body, change.KeyOf(call),
                cancellation);
            call.Write(answer.Json!, () => Write(call, answer.Json!));
            return ExitCodes.Ok;
        });
    }

    private static void Put(JsonObject body, string name, string? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static void Write(Call call, JsonObject key) => Table.WriteFields(
        call.Terminal,
        ("version", key.Text("version")),
        ("status", key.Text("status")),
        ("algorithm", key.Text("algorithm")),
        ("created", key.Text("createdAt")),
        ("promotes", key.Text("promoteAt")),
        ("activated", key.Text("activatedAt")),
        ("retired", key.Text("retiredAt")),
        ("revoked", key.Text("revokedAt")),
        ("reason", key.Text("reason")),
        ("destroyed", key.Text("destroyedAt")),
        ("public key", key["jwk"]?.ToJsonString()));
}

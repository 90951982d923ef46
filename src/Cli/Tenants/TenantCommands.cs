using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;

namespace Gatehouse.Cli.Tenants;

/// <summary><c>gatehouse tenant</c>: tenants and their API keys. Admin only; there is no list of tenants to ask for.
/// </summary>
internal static class TenantCommands
{
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's id." };

    public static Command Create(CommandFactory commands)
    {
        var group = new ExampleCommand("tenant", "Tenants and their API keys. Needs the admin key.");
        group.Add(Show(commands));
        group.Add(Put(commands));
        group.Add(Delete(commands));
        group.Add(ApiKeyCommands.Create(commands));
        return group;
    }

    private static Command Show(CommandFactory commands)
    {
        var command = new ExampleCommand("show", "Shows a tenant.", "gatehouse tenant show acme") { Tenant };
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var answer = await api.GetAsync(GatehouseApi.Of(call.Get(Tenant)), cancellation);
            return Write(call, answer);
        });
    }

    private static Command Put(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "put", "Creates a tenant, or enables a disabled one.", "gatehouse tenant put acme") { Tenant };
        var change = new ChangeOptions().AddTo(command);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var answer = await api.ChangeAsync(
                HttpMethod.Put, GatehouseApi.Of(call.Get(Tenant)), [], change.KeyOf(call), cancellation);
            return Write(call, answer);
        });
    }

    private static Command Delete(CommandFactory commands)
    {
        var command = new ExampleCommand(
            "delete", "Disables a tenant: its keys are refused, its data stays.", "gatehouse tenant delete acme --yes")
        {
            Tenant,
        };
        var change = new ChangeOptions().AddTo(command, asks: true);
        return commands.Asks(command, async (call, cancellation) =>
        {
            using var api = call.OpenApi();
            var tenant = call.Get(Tenant);
            call.Confirm(call.Get(change.Yes), $"Disable tenant {tenant} at {api.Url}? All its keys are refused then.");
            await api.ChangeAsync(
                HttpMethod.Delete, GatehouseApi.Of(tenant), null, change.KeyOf(call), cancellation);
            call.Write(
                new JsonObject { ["ok"] = true, ["tenant"] = tenant, ["status"] = "disabled" },
                () => call.Terminal.WriteLine($"tenant {tenant} is disabled"));
            return ExitCodes.Ok;
        });
    }

    private static int Write(Call call, Answer answer)
    {
        call.Write(answer.Json!, () => Table.WriteFields(
            call.Terminal,
            ("tenant", answer.Json.Text("tenant")),
            ("status", answer.Json.Text("status")),
            ("source", answer.Json.Text("source")),
            ("created", answer.Json.Text("createdAt"))));
        return ExitCodes.Ok;
    }
}

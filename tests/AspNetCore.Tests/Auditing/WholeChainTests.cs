using System.Text.Json.Nodes;
using Gatehouse.AspNetCore.Tests.Fixtures;

namespace Gatehouse.AspNetCore.Tests.Auditing;

/// <summary>What the audit writer sends stands in the chain of a whole Gatehouse.</summary>
public class WholeChainTests(WholeGatehouse gatehouse)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfManyWriters_AreRecordedOnce_AndARefusedOneIsNot()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await using var service = gatehouse.Service(tenant, key);
        await service.StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var i = 0; i < 50; i++)
            {
                await service.Audit.WriteAsync(Event($"w{writer}", $"step.{i:00}"), Cancellation);
            }
        }));
        var refused = service.Audit.AppendAsync(Event("w0", ""), Cancellation);
        var large = service.Audit.AppendAsync(
            Event("w0", "large") with { Metadata = new JsonObject { ["text"] = new string('x', 70_000) } }, Cancellation);
        var last = await service.Audit.AppendAsync(Event("w0", "last"), Cancellation);

        Assert.Equal("events[", (await Assert.ThrowsAsync<GatehouseRefusedException>(() => refused)).Field?[..7]);
        await Assert.ThrowsAsync<GatehouseRefusedException>(() => large);
        await service.StopAsync(CancellationToken.None);
        var page = await gatehouse.Host.SendAsync(
            HttpMethod.Get, $"/v1/tenants/{tenant}/audit/events?limit=1000&actor=writer:w0", key);
        var actions = page.Json.GetProperty("items").EnumerateArray()
            .Select(entry => entry.GetProperty("action").GetString()).ToList();
        Assert.Equal([.. Enumerable.Range(0, 50).Select(i => $"step.{i:00}"), "last"], actions);
        Assert.Equal(last.Hash, page.Json.GetProperty("items").EnumerateArray().Last().GetProperty("hash").GetString());
        Assert.Equal((401, 2), (
            service.Metrics["gatehouse.audit_writer.sent"], service.Metrics["gatehouse.audit_writer.refused"]));
    }

    private static AuditEvent Event(string actor, string action) => new()
    {
        Actor = new AuditParty("writer", actor),
        Action = action,
        Outcome = AuditOutcome.Success,
    };
}

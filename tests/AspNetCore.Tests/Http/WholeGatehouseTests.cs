using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.AspNetCore.Tests.Fixtures;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>The client and a whole Gatehouse understand each other.</summary>
public class WholeGatehouseTests(WholeGatehouse gatehouse)
{
    [Fact]
    public async Task Check_CountsAddressesAndSubjects_AndSaysWhatIsLeft()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await gatehouse.Host.PutPolicyAsync(
            tenant, """{"limit":2,"window":"00:01:00","coldStart":{"duration":"00:00:00"}}""", "login");
        await using var service = gatehouse.Service(tenant, key);

        var mapped = await service.Client.CheckAsync("login", IPAddress.Parse("::ffff:203.0.113.7"));
        var peek = await service.Client.CheckAsync("login", IPAddress.Parse("203.0.113.7"), cost: 0);
        var other = await service.Client.CheckAsync("login", "203.0.113.7", cost: 2);
        var refused = await service.Client.CheckAsync("login", "203.0.113.7");
        var never = await service.Client.CheckAsync("login", "somebody", cost: 3);

        Assert.Equal((true, "within_limit", 2, 1), (mapped.Allowed, mapped.Reason, mapped.Limit, mapped.Remaining));
        Assert.StartsWith("\"login\";r=1", mapped.RateLimitHeader, StringComparison.Ordinal);
        Assert.Equal("\"login\";q=2;w=60", mapped.RateLimitPolicyHeader);
        Assert.Equal((true, 1, 0), (peek.Allowed, peek.Remaining, other.Remaining));
        Assert.Equal((false, "rate_limited", "over_limit"), (refused.Allowed, refused.Code, refused.Reason));
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(70));
        Assert.Equal((false, "cost_exceeds_limit", null), (never.Allowed, never.Code, never.RetryAfter));
    }

    [Fact]
    public async Task SetUp_ThatIsWrong_IsRefused()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await using var service = gatehouse.Service(tenant, key);
        await using var elsewhere = gatehouse.Service((await gatehouse.NewTenantAsync()).Tenant, key);
        await using var stranger = gatehouse.Service(tenant, "gh_unknown");

        Assert.Equal((404, "policy_not_found"), await RefusalAsync(service));
        Assert.Equal((403, "wrong_tenant"), await RefusalAsync(elsewhere));
        Assert.Equal((401, "unauthenticated"), await RefusalAsync(stranger));

        static async Task<(int, string?)> RefusalAsync(TestService service)
        {
            var refusal = await Assert.ThrowsAsync<GatehouseRefusedException>(
                () => service.Client.CheckAsync("nope", "somebody"));
            return (refusal.Status, refusal.Code);
        }
    }

    [Fact]
    public async Task Append_SentAgain_IsRecordedOnce_WithAllThatWasSaid()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await using var service = gatehouse.Service(tenant, key);
        AuditEvent[] events =
        [
            new()
            {
                Id = "e1",
                Actor = new AuditParty("user", "Zoë <7>"),
                Action = "order.refund",
                Resource = new AuditParty("order", "42"),
                Outcome = AuditOutcome.Denied,
                OccurredAt = new DateTimeOffset(2026, 1, 31, 13, 0, 0, TimeSpan.FromHours(1)),
                Source = "shop",
                Trace = "00-1-1-00",
                Metadata = new JsonObject { ["amount"] = 5, ["tags"] = new JsonArray("a", null) },
            },
            new() { Id = "e2", Actor = new AuditParty("job", "1"), Action = "x", Outcome = AuditOutcome.Success },
        ];

        var receipts = await service.Client.AppendAsync(events, TestContext.Current.CancellationToken);
        var again = await service.Client.AppendAsync(events, TestContext.Current.CancellationToken);

        Assert.Equal(["e1", "e2"], receipts.Select(receipt => receipt.Id));
        Assert.Equal(receipts.Select(receipt => receipt.Hash), again.Select(receipt => receipt.Hash));
        var entry = await gatehouse.Host.SendAsync(
            HttpMethod.Get, $"/v1/tenants/{tenant}/audit/events/{receipts[0].Seq}", key);
        Assert.Equal(receipts[0].Hash, entry.Json.GetProperty("hash").GetString());
        Assert.Equal(("Zoë <7>", "denied", "2026-01-31T12:00:00.000Z", 5), (
            entry.Json.GetProperty("actor").GetProperty("id").GetString(), entry.Json.GetProperty("outcome").GetString(),
            entry.Json.GetProperty("occurredAt").GetString(),
            entry.Json.GetProperty("metadata").GetProperty("amount").GetInt32()));
    }

    [Fact]
    public async Task Append_OfAnotherEventWithTheSameId_IsRefused()
    {
        var (tenant, key) = await gatehouse.NewTenantAsync();
        await using var service = gatehouse.Service(tenant, key);
        var audited = new AuditEvent
        {
            Id = "e1",
            Actor = new AuditParty("job", "1"),
            Action = "x",
            Outcome = AuditOutcome.Success,
        };
        await service.Client.AppendAsync([audited], TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<GatehouseRefusedException>(
            () => service.Client.AppendAsync([audited with { Action = "y" }]));

        Assert.Equal((409, "event_id_reused"), (refusal.Status, refusal.Code));
    }
}

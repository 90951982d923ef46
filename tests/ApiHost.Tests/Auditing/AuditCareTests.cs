using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>What operators do with a chain.</summary>
public class AuditCareTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("{}", """{"keepFor":null,"legalHold":false,"holdReason":null}""")]
    [InlineData("""{"keepFor":"365.00:00:00"}""", """{"keepFor":"365.00:00:00","legalHold":false,"holdReason":null}""")]
    [InlineData("""{"keepFor":"1.00:00:00.001","legalHold":true,"holdReason":"case 7"}""",
        """{"keepFor":"1.00:00:00.0010000","legalHold":true,"holdReason":"case 7"}""")]
    [InlineData("""{"keepFor":"36500.00:00:00"}""", """{"keepFor":"36500.00:00:00","legalHold":false,"holdReason":null}""")]
    public async Task Retention_IsAnsweredReadBackAndRecorded(string body, string expected)
    {
        var tenant = await _host.NewTenantAsync();

        var first = await _host.GetAuditAsync(tenant, "retention");
        var put = await _host.PutRetentionAsync(tenant, body);
        var read = await _host.GetAuditAsync(tenant, "retention");
        var records = await _host.ListAllAsync(tenant, "action=audit.retention_set");

        Assert.Equal((200, """{"keepFor":null,"legalHold":false,"holdReason":null}"""), (first.Status, first.Text));
        Assert.Equal((200, expected), (put.Status, put.Text));
        Assert.Equal((200, expected), (read.Status, read.Text));
        var metadata = Assert.Single(records).GetProperty("metadata");
        Assert.Equal(put.Json.GetProperty("legalHold").GetBoolean(), metadata.GetProperty("legalHold").GetBoolean());
    }

    [Theory]
    [InlineData("""{"keepFor":"23:59:59"}""", "keepFor")]
    [InlineData("""{"keepFor":"36500.00:00:01"}""", "keepFor")]
    [InlineData("""{"keepFor":"1.00:00:00.0000001"}""", "keepFor")]
    [InlineData("""{"keepFor":"-2.00:00:00"}""", "keepFor")]
    [InlineData("""{"keepFor":"P1D"}""", "keepFor")]
    [InlineData("""{"keepFor":86400}""", "keepFor")]
    [InlineData("""{"legalHold":"yes"}""", "legalHold")]
    [InlineData("""{"legalHold":null}""", "legalHold")]
    [InlineData("""{"holdReason":""}""", "holdReason")]
    [InlineData("""{"holdReason":"a\nb"}""", "holdReason")]
    [InlineData("""{"hold":true}""", "hold")]
    public async Task Retention_Bad_NamesItsFieldAndChangesNothing(string body, string field)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.PutRetentionAsync(tenant, body);

        Assert.Equal((400, field), (answer.Status, answer.Fault.Field));
        Assert.Equal(JsonValueKind.Null, (await _host.GetAuditAsync(tenant, "retention")).Json.GetProperty("keepFor").ValueKind);
        Assert.Empty(await _host.ListAllAsync(tenant, "action=audit.retention_set"));
    }

    [Fact]
    public async Task State_SaysWhatTheStoresHold()
    {
        var tenant = await _host.NewTenantAsync();
        var empty = (await _host.GetAuditAsync(tenant, "state")).Json;
        await _host.RecordAsync(tenant, "a", "b");
        await _host.SealAsync(tenant);

        var state = (await _host.GetAuditAsync(tenant, "state")).Json;

        Assert.Equal((0, JsonValueKind.Null, JsonValueKind.Null), (empty.GetProperty("head").GetProperty("size").GetInt32(),
            empty.GetProperty("signedSize").ValueKind, empty.GetProperty("signedAt").ValueKind));
        var size = state.GetProperty("head").GetProperty("size").GetInt32();
        // The two events, and the making of the key that signed them.
        Assert.Equal((4, 4, 4), (size, state.GetProperty("archived").GetInt32(), state.GetProperty("signedSize").GetInt32()));
        Assert.Equal(JsonValueKind.Null, state.GetProperty("fault").ValueKind);
        Assert.Equal((0, 0), (state.GetProperty("heldFrom").GetInt32(), state.GetProperty("prunedBefore").GetInt32()));
        Assert.Equal((await _host.CheckpointAsync(tenant)).SignedAt, state.GetProperty("signedAt").GetDateTimeOffset());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"giveUpFrom":1}""")]
    public async Task Repair_OfASoundChain_DoesNothing(string body)
    {
        var tenant = await _host.NewChainAsync(5);

        var answer = await _host.PostAuditAsync(tenant, "repair", body);

        Assert.Equal(200, answer.Status);
        Assert.Equal(("sound", 5, 0), (answer.Json.GetProperty("outcome").GetString(),
            answer.Json.GetProperty("size").GetInt32(), answer.Json.GetProperty("givenUp").GetInt32()));
        Assert.Equal(5, await _host.SizeAsync(tenant));
    }

    [Theory]
    [InlineData("""{"giveUpFrom":-1}""", "giveUpFrom")]
    [InlineData("""{"giveUpFrom":"all"}""", "giveUpFrom")]
    [InlineData("""{"force":true}""", "force")]
    [InlineData("", "body")]
    public async Task Repair_Bad_NamesItsField(string body, string field)
    {
        var answer = await _host.PostAuditAsync(await _host.NewTenantAsync(), "repair", body);

        Assert.Equal((400, field), (answer.Status, answer.Fault.Field));
    }

    [Fact]
    public async Task Routes_OfATenantThatIsUnknown_Are404()
    {
        foreach (var path in new[] { "state", "retention", "export", "tail", "consistency?first=0", "events/0/proof" })
        {
            Assert.Equal("tenant_not_found", (await _host.GetAuditAsync("no-such-tenant", path)).Code);
        }

        Assert.Equal("tenant_not_found", (await _host.PostAuditAsync("no-such-tenant", "verify", "{}")).Code);
        Assert.Equal("tenant_not_found", (await _host.PostAuditAsync("no-such-tenant", "repair", "{}")).Code);
        Assert.Equal("tenant_not_found", (await _host.PutRetentionAsync("no-such-tenant", "{}")).Code);
    }
}

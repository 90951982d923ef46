using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>What an event may be: names that are taken, times that say which zone they mean, and how large.</summary>
public class AuditEventTests(SharedHost shared)
{
    private const int EntryMax = 65_535;

    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("{\"id\":\"gatehouse:key:v1\",\"actor", "id")]
    [InlineData("{\"id\":\"gatehouse:\",\"actor", "id")]
    public async Task Id_OfGatehousesOwn_IsRefused(string start, string field)
    {
        var tenant = await _host.NewTenantAsync();
        var body = AuditCalls.Event.Replace("{\"actor", start, StringComparison.Ordinal);

        var single = await _host.PostAuditAsync(tenant, "events", body);
        var batch = await _host.PostAuditAsync(tenant, "events", $$"""{"events":[{{AuditCalls.Event}},{{body}}]}""");

        Assert.Equal((400, field), (single.Status, single.Fault.Field));
        Assert.Equal((400, $"events[1].{field}"), (batch.Status, batch.Fault.Field));
        Assert.Equal(0, await _host.SizeAsync(tenant));
    }

    [Theory]
    [InlineData("gatehouse", 400)]
    [InlineData("Gatehouse", 201)]
    [InlineData("gatehouse-operator", 201)]
    public async Task ActorType_OfGatehousesOwn_IsRefused(string type, int status)
    {
        var body = AuditCalls.Event.Replace("\"user\"", $"\"{type}\"", StringComparison.Ordinal);

        var answer = await _host.PostAuditAsync(await _host.NewTenantAsync(), "events", body);

        Assert.Equal(status, answer.Status);
        Assert.True(status == 201 || answer.Fault.Field == "actor.type");
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z")]
    [InlineData("2026-01-31T13:30:00.5+01:30", "2026-01-31T12:00:00.500Z")]
    [InlineData("2026-01-31T12:00:00", null)]
    [InlineData("2026-01-31", null)]
    [InlineData("2026-01-31 12:00:00Z", null)]
    public async Task OccurredAt_SaysWhichZoneItMeans(string time, string? stored)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await _host.PostAuditAsync(tenant, "events",
            AuditCalls.Event.Replace("{\"actor", $"{{\"occurredAt\":\"{time}\",\"actor", StringComparison.Ordinal));

        Assert.Equal(stored is null ? 400 : 201, answer.Status);
        if (stored is null)
        {
            Assert.Equal("occurredAt", answer.Fault.Field);
            return;
        }

        var entry = (await _host.GetAuditAsync(tenant, "events/0")).Json;
        Assert.Equal(stored, entry.GetProperty("occurredAt").GetString());
    }

    /// <summary>
    /// Plain letters; letters of two bytes; quotes, which take two bytes each in JSON; quotes in a field that is not JSON
    /// yet when its length is looked at.
    /// </summary>
    [Theory]
    [InlineData("x", 1, "order.refund")]
    [InlineData("é", 2, "order.refund")]
    [InlineData("\\\"", 2, "order.refund")]
    [InlineData("x", 1, "\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"")]
    public async Task Event_OfTheLargestSize_IsTaken_AByteMoreIsNot(string letter, int bytes, string action)
    {
        var tenant = await _host.NewTenantAsync();
        string Event(int count, string rest) => $$$"""
            {"actor":{"type":"user","id":"7"},"action":"{{{action}}}","outcome":"success",
            "metadata":{"x":"{{{string.Concat(Enumerable.Repeat(letter, count))}}}{{{rest}}}"}}
            """;
        await _host.PostAuditAsync(tenant, "events", Event(1, ""));
        var smallest = await EntryAsync(tenant, 0);
        // Room for the longest tenant and the last place there is: what is taken here is taken anywhere, at any time.
        // The event's own id is made by the host, and always as long.
        var room = EntryMax - (64 - tenant.Length) - (long.MaxValue.ToString().Length - 1) - smallest.Length;
        var (count, rest) = (1 + (room / bytes), new string('x', room % bytes));

        var largest = await _host.PostAuditAsync(tenant, "events", Event(count, rest));
        var larger = await _host.PostAuditAsync(tenant, "events", Event(count, rest + "x"));

        Assert.Equal(201, largest.Status);
        Assert.Equal((400, "metadata"), (larger.Status, larger.Fault.Field));
        var seq = largest.Json.GetProperty("seq").GetInt64();
        Assert.Equal(smallest.Length + room, (await EntryAsync(tenant, seq)).Length);
        // It is in every form in which entries are read.
        await _host.SealAsync(tenant);
        var size = (await _host.CheckpointAsync(tenant)).Size;
        var bundle = await _host.GetBytesAsync(tenant, $"tile/entries/000.p/{size}");
        Assert.Equal(await EntryAsync(tenant, seq), ForeignTree.Entries(bundle).ElementAt((int)seq));
    }

    [Fact]
    public async Task Metadata_ThatGrowsWhenItIsMadeCanonical_IsMeasuredAsItIsStored()
    {
        var tenant = await _host.NewTenantAsync();
        // 1e20 is written as 100000000000000000000.
        var numbers = string.Join(',', Enumerable.Repeat("1e20", 10_000));

        var answer = await _host.PostAuditAsync(tenant, "events", AuditCalls.Event.Replace(
            "{\"actor", $"{{\"metadata\":{{\"n\":[{numbers}]}},\"actor", StringComparison.Ordinal));

        Assert.Equal((400, "metadata"), (answer.Status, answer.Fault.Field));
    }

    private async Task<byte[]> EntryAsync(string tenant, long seq)
    {
        var text = (await _host.GetAuditAsync(tenant, $"events/{seq}")).Text;
        Assert.Equal(seq, JsonDocument.Parse(text).RootElement.GetProperty("seq").GetInt64());
        return Encoding.UTF8.GetBytes(text[..text.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}");
    }
}

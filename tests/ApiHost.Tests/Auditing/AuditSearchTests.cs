using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>Finding events: by each filter, in pages, and with what each answer says of its completeness.</summary>
public class AuditSearchTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    /// <summary>Events that differ in all that can be searched for.</summary>
    private static IEnumerable<string> Events(string time) =>
        from i in Enumerable.Range(0, 12)
        let outcome = (i % 3) switch { 0 => "success", 1 => "failure", _ => "denied" }
        let resource = i < 6 ? $$""","resource":{"type":"order","id":"o{{i % 2}}"}""" : ""
        select $$"""
            {"id":"{{time}}-{{i}}","actor":{"type":"{{(i % 4 == 3 ? "robot" : "user")}}","id":"a{{i % 2}}"},
            "action":"order.{{(i % 2 == 0 ? "pay" : "refund")}}","outcome":"{{outcome}}"{{resource}}}
            """;

    [Theory]
    [InlineData("actor=a0", "actor.id=a0")]
    [InlineData("actor=user:a1", "actor.id=a1 actor.type=user")]
    [InlineData("actor=robot:a1", "actor.id=a1 actor.type=robot")]
    [InlineData("actor=robot:a0", "nothing=")]
    [InlineData("action=order.pay", "action=order.pay")]
    [InlineData("action=order", "nothing=")]
    [InlineData("resource=o1", "resource.id=o1")]
    [InlineData("resource=order:o0", "resource.id=o0 resource.type=order")]
    [InlineData("outcome=success", "outcome=success")]
    [InlineData("outcome=failure", "outcome=failure")]
    [InlineData("outcome=denied", "outcome=denied")]
    [InlineData("actor=a0&action=order.pay&outcome=denied&resource=o0",
        "actor.id=a0 action=order.pay outcome=denied resource.id=o0")]
    [InlineData("actor=gatehouse:gatehouse", "actor.id=gatehouse actor.type=gatehouse")]
    public async Task Search_FindsWhatFitsAndNothingElse_ArchivedOrNot(string query, string rules)
    {
        var tenant = await NewHistoryAsync();
        var all = await _host.ListAllAsync(tenant, "limit=1000");

        var found = await _host.ListAllAsync(tenant, query);

        Assert.True(all.Count >= 26);
        Assert.Equal(
            all.Where(entry => rules.Split(' ').All(rule => Holds(entry, rule))).Select(Seq), found.Select(Seq));
        Assert.Equal(query is "actor=robot:a0" or "action=order", found.Count == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Search_InPages_LeavesNothingOutAndRepeatsNothing(int limit)
    {
        var tenant = await NewHistoryAsync();

        var whole = await _host.ListAllAsync(tenant, "outcome=success&limit=1000");
        var paged = await _host.ListAllAsync(tenant, $"outcome=success&limit={limit}");

        Assert.True(whole.Count >= 8);
        Assert.Equal(whole.Select(Seq), paged.Select(Seq));
        var page = await _host.GetAuditAsync(tenant, $"events?outcome=success&limit={limit}");
        Assert.Equal(limit, page.Json.GetProperty("items").GetArrayLength());
        Assert.Equal(0, page.Json.GetProperty("prunedBefore").GetInt64());
        Assert.True(page.Json.GetProperty("head").GetProperty("size").GetInt32() >= 26);
    }

    [Fact]
    public async Task Search_ByTime_TakesTheBeginningAndNotTheEnd()
    {
        var tenant = await NewHistoryAsync();
        var all = await _host.ListAllAsync(tenant, "limit=1000");
        var times = all.Select(entry => entry.GetProperty("recordedAt").GetString()!).ToList();
        var (since, until) = (times[2], times[^1]);

        var found = await _host.ListAllAsync(tenant, $"since={since}&until={until}");
        var after = await _host.ListAllAsync(tenant, $"since={until}");
        var none = await _host.ListAllAsync(tenant, $"since={until}&until={since}");

        bool IsWithin(string time) =>
            string.CompareOrdinal(time, since) >= 0 && string.CompareOrdinal(time, until) < 0;
        Assert.Equal(times.Count(IsWithin), found.Count);
        Assert.Equal(times.Count(time => string.CompareOrdinal(time, until) >= 0), after.Count);
        Assert.Empty(none);
    }

    [Fact]
    public async Task Search_WithAnOffset_IsTheSameTime()
    {
        var tenant = await _host.NewTenantAsync();
        await _host.RecordAsync(tenant, "a");

        var before = await _host.ListAllAsync(tenant, "action=order.refund&since=2026-01-31T13:00:00%2B01:00");
        var later = await _host.ListAllAsync(tenant, "action=order.refund&since=9999-12-31T00:00:00-01:00");

        Assert.Single(before);
        Assert.Empty(later);
    }

    [Theory]
    [InlineData("from=-1", "from")]
    [InlineData("from=x", "from")]
    [InlineData("from=1&from=2", "from")]
    [InlineData("from=9223372036854775808", "from")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("outcome=ok", "outcome")]
    [InlineData("outcome=", "outcome")]
    [InlineData("outcome=Success", "outcome")]
    [InlineData("actor=", "actor")]
    [InlineData("actor=:7", "actor")]
    [InlineData("actor=user:", "actor")]
    [InlineData("action=a%0Ab", "action")]
    [InlineData("resource=order:", "resource")]
    [InlineData("resource=%00", "resource")]
    [InlineData("since=yesterday", "since")]
    [InlineData("since=2026-01-31", "since")]
    [InlineData("since=12:00", "since")]
    [InlineData("since=2026-01-31T12:00:00", "since")]
    [InlineData("since=2026-01-31T12:00:00+01:00", "since")]
    [InlineData("until=2026-02-30T12:00:00Z", "until")]
    [InlineData("until=", "until")]
    public async Task Query_Bad_NamesItsField(string query, string field)
    {
        var answer = await _host.GetAuditAsync(await _host.NewTenantAsync(), $"events?{query}");

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Fault.Field);
    }

    [Theory]
    [InlineData("limit=3")]
    [InlineData("limit=3&actor=7")]
    public async Task Page_BeyondTheEnd_IsEmptyAndTheLast(string query)
    {
        var tenant = await _host.NewTenantAsync();
        await _host.RecordAsync(tenant, "a", "b");
        foreach (var from in new[] { 1_000, long.MaxValue })
        {
            var page = await _host.GetAuditAsync(tenant, $"events?{query}&from={from}");

            Assert.Equal((200, 0), (page.Status, page.Json.GetProperty("items").GetArrayLength()));
            Assert.Equal(JsonValueKind.Null, page.Json.GetProperty("next").ValueKind);
        }
    }

    /// <summary>Half of it archived, with Gatehouse's own records in between, half of it not.</summary>
    private async Task<string> NewHistoryAsync()
    {
        var tenant = await _host.NewTenantAsync();
        await RecordAsync(tenant, "early");
        await _host.SealAsync(tenant);
        await RecordAsync(tenant, "late");
        return tenant;
    }

    private async Task RecordAsync(string tenant, string time) => Assert.Equal(201, (await _host.PostAuditAsync(
        tenant, "events", $$"""{"events":[{{string.Join(',', Events(time))}}]}""")).Status);

    private static long Seq(JsonElement entry) => entry.GetProperty("seq").GetInt64();

    private static bool Holds(JsonElement entry, string rule)
    {
        var (path, value) = (rule.Split('=')[0].Split('.'), rule[(rule.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        return entry.TryGetProperty(path[0], out var member)
            && (path.Length == 1 ? member : member.GetProperty(path[1])).GetString() == value;
    }
}

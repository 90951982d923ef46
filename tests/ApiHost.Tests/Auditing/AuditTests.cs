using System.Security.Cryptography;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>The audit chain over HTTP, as a user meets it.</summary>
public class AuditTests(SharedHost shared)
{
    private const string Event = """{"actor":{"type":"user","id":"7"},"action":"order.refund","outcome":"success"}""";

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Event_IsRecordedAndReadBackWithAHashThatAnybodyCanCheck()
    {
        var tenant = await _host.NewTenantAsync();

        var receipt = await PostAsync(tenant, """
            {"id":"e1","actor":{"type":"user","id":"7"},"action":"order.refund","outcome":"denied",
            "resource":{"type":"order","id":"42"},"occurredAt":"2026-01-31T12:00:00Z","source":"shop","trace":"00-ab",
            "metadata":{"b":1.0,"a":"é"}}
            """);
        var read = await GetAsync(tenant, "events/0");

        Assert.Equal((201, 0), (receipt.Status, receipt.Json.GetProperty("seq").GetInt32()));
        Assert.Equal(new string('0', 64), Text(receipt, "prevHash"));
        Assert.Contains("\"metadata\":{\"a\":\"é\",\"b\":1}", read.Text, StringComparison.Ordinal);
        Assert.Equal(Text(receipt, "hash"), Text(read, "hash"));
        // The entry is all but its hash, which is cut off at the end.
        var entry = Encoding.UTF8.GetBytes(read.Text[..read.Text.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}");
        Assert.Equal(Text(read, "hash"), Convert.ToHexStringLower(SHA256.HashData([0, .. entry])));
        // The root of a tree with one leaf is that leaf (RFC 6962, section 2.1).
        Assert.Equal((1, Text(receipt, "hash")), (receipt.Json.GetProperty("treeSize").GetInt32(), Text(receipt, "root")));
    }

    [Fact]
    public async Task Events_AreReadInPagesThatSayWhatTheyAreCompleteUpTo()
    {
        // Signed, so that nothing of Gatehouse's own comes in between.
        var tenant = await _host.NewChainAsync(5);

        var first = await GetAsync(tenant, "events?limit=3");
        var second = await GetAsync(tenant, $"events?limit=3&from={first.Json.GetProperty("next").GetInt64()}");
        var head = await GetAsync(tenant, "head");

        Assert.Equal([0, 1, 2], Seqs(first));
        Assert.Equal([3, 4], Seqs(second));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.Json.GetProperty("next").ValueKind);
        Assert.Equal(5, head.Json.GetProperty("size").GetInt32());
        Assert.Equal(head.Text, second.Json.GetProperty("head").GetRawText());
    }

    [Fact]
    public async Task Event_SentAgain_IsRecordedOnce_AndWithAnotherContentNotAtAll()
    {
        var tenant = await _host.NewTenantAsync();
        var body = Event.Replace("{\"actor", "{\"id\":\"e1\",\"actor", StringComparison.Ordinal);

        var first = await PostAsync(tenant, body);
        var again = await PostAsync(tenant, body);
        var other = await PostAsync(tenant, body.Replace("refund", "cancel", StringComparison.Ordinal));

        Assert.Equal((201, Text(first, "hash")), (again.Status, Text(again, "hash")));
        Assert.Equal((409, "event_id_reused"), (other.Status, other.Code));
        Assert.Single(await _host.ListAllAsync(tenant, "actor=user:7"));
    }

    [Theory]
    [InlineData("{}", "action", "is required")]
    [InlineData("""{"action":"a","outcome":"success"}""", "actor", "is required")]
    [InlineData("""{"action":"a","actor":{"type":"u"},"outcome":"success"}""", "actor.id", "is required")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":"7"},"outcome":"success","metadata":{"my key":[0,1e999]}}""",
        "metadata.my key[1]", "double holds")]
    [InlineData("""{"source":"shop","events":[]}""", "events", "together")]
    [InlineData("""{"occurredAt":"2026-01-31T12:00:00Z","events":[]}""", "events", "together")]
    [InlineData("""{"resource":{"type":"a","id":"b"},"events":[]}""", "events", "together")]
    [InlineData("""{"trace":"00","events":[]}""", "events", "together")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":""},"outcome":"success"}""", "actor.id", "1 to 256 characters")]
    [InlineData("""{"action":"a\n","actor":{"type":"u","id":"7"},"outcome":"success"}""", "action", "control characters")]
    [InlineData("""{"action":"a\ud800","actor":{"type":"u","id":"7"},"outcome":"success"}""", "action", "lone surrogate")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":"7"},"outcome":"ok"}""", "outcome", "success, failure or denied")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":"7"},"outcome":"success","metadata":[]}""", "metadata", "an object")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":"7"},"outcome":"success","metadata":{"n":9007199254740993}}""",
        "metadata.n", "integer beyond")]
    [InlineData("""{"action":"a","actor":{"type":"u","id":"7"},"outcome":"success","seq":1}""", "seq", "not a known field")]
    [InlineData("""{"events":[]}""", "events", "1 to 1000")]
    [InlineData("""{"events":[null]}""", "events[0]", "must not be null")]
    [InlineData("""{"action":"a","events":[]}""", "events", "together")]
    [InlineData("""{"events":[{"action":"a","actor":{"type":"u","id":"7"},"outcome":"success"},{}]}""", "events[1].action",
        "is required")]
    public async Task Body_Bad_NamesFieldAndRuleAndRecordsNothing(string body, string field, string rule)
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await PostAsync(tenant, body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Fault.Field);
        Assert.Contains(rule, answer.Fault.Rule, StringComparison.Ordinal);
        Assert.Equal(0, (await GetAsync(tenant, "head")).Json.GetProperty("size").GetInt32());
    }

    [Fact]
    public async Task Batch_MayBeAMegabyte_AnEventNot()
    {
        var tenant = await _host.NewTenantAsync();
        string Large(int length) => Event.Replace(
            "{\"actor", $"{{\"metadata\":{{\"x\":\"{new string('x', length)}\"}},\"actor", StringComparison.Ordinal);

        var batch = await PostAsync(tenant, $$"""{"events":[{{string.Join(',', Enumerable.Repeat(Large(40_000), 20))}}]}""");
        var single = await PostAsync(tenant, Large(70_000));

        Assert.Equal(201, batch.Status);
        Assert.Equal((400, "metadata"), (single.Status, single.Fault.Field));
        Assert.Equal(20, (await _host.ListAllAsync(tenant, "limit=1000&actor=user:7")).Count);
    }

    [Theory]
    [InlineData("events/7", 404, "event_not_found")]
    [InlineData("events?from=-1", 400, "invalid_request")]
    [InlineData("events?limit=0", 400, "invalid_request")]
    [InlineData("events?limit=1001", 400, "invalid_request")]
    public async Task Read_OfWhatIsNotThere_SaysSo(string path, int status, string code)
    {
        var answer = await GetAsync(await _host.NewTenantAsync(), path);

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Tenant_ThatIsUnknown_Is404()
    {
        Assert.Equal("tenant_not_found", (await PostAsync("no-such-tenant", Event)).Code);
        Assert.Equal("tenant_not_found", (await GetAsync("no-such-tenant", "head")).Code);
    }

    private Task<Answer> PostAsync(string tenant, string body) =>
        _host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/audit/events", TestHost.AdminKey, body);

    private Task<Answer> GetAsync(string tenant, string path) =>
        _host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/audit/{path}", TestHost.AdminKey);

    private static IEnumerable<int> Seqs(Answer page) =>
        page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("seq").GetInt32());

    private static string? Text(Answer answer, string name) => answer.Json.GetProperty(name).GetString();
}

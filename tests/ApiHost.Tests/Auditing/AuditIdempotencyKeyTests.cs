using System.Net.Sockets;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>The header Idempotency-Key on appends: one request, however often it is sent.</summary>
public class AuditIdempotencyKeyTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("order-7", "order-7")]
    [InlineData("order-7", "\"order-7\"")]
    [InlineData("\"order-7\"", "order-7")]
    [InlineData("\"a b\"", "  \"a b\" ")]
    [InlineData("\"a\\\"b\\\\\"", "\"a\\\"b\\\\\"")]
    public async Task Key_SentAgain_GivesTheSamePlace(string first, string again)
    {
        var tenant = await _host.NewTenantAsync();

        var one = await PostAsync(tenant, AuditCalls.Event, first);
        var two = await PostAsync(tenant, AuditCalls.Event, again);

        Assert.Equal((201, 201), (one.Status, two.Status));
        foreach (var name in new[] { "seq", "id", "hash", "recordedAt" })
        {
            Assert.Equal(one.Json.GetProperty(name).GetRawText(), two.Json.GetProperty(name).GetRawText());
        }

        Assert.Single(await _host.ListAllAsync(tenant, "action=order.refund"));
    }

    [Fact]
    public async Task Key_OfABatch_GivesTheSamePlaces()
    {
        var tenant = await _host.NewTenantAsync();
        var body = $$"""{"events":[{{AuditCalls.Event}},{{AuditCalls.Event}}]}""";

        var one = await PostAsync(tenant, body, "k");
        var two = await PostAsync(tenant, body, "k");

        Assert.Equal([.. Seqs(one)], Seqs(two));
        Assert.Equal(2, (await _host.ListAllAsync(tenant, "action=order.refund")).Count);
    }

    [Fact]
    public async Task Key_WithAnotherBody_Is422AndNothingIsRecorded()
    {
        var tenant = await _host.NewTenantAsync();
        await PostAsync(tenant, AuditCalls.Event, "k");

        var other = await PostAsync(tenant, AuditCalls.Event.Replace("refund", "cancel", StringComparison.Ordinal), "\"k\"");
        var longer = await PostAsync(tenant, $$"""
            {"events":[{{AuditCalls.Event.Replace("\"7\"", "\"8\"", StringComparison.Ordinal)}},{{AuditCalls.Event}}]}
            """, "k");

        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.Equal((422, "idempotency_key_reused"), (longer.Status, longer.Code));
        Assert.Single(await _host.ListAllAsync(tenant, "actor=user:7"));
        Assert.Empty(await _host.ListAllAsync(tenant, "actor=user:8"));
    }

    [Fact]
    public async Task Key_OfAnotherTenantOrAnotherKey_IsAnotherRequest()
    {
        var (mine, other) = (await _host.NewTenantAsync(), await _host.NewTenantAsync());
        await PostAsync(mine, AuditCalls.Event, "k");

        var elsewhere = await PostAsync(other, AuditCalls.Event.Replace("refund", "cancel", StringComparison.Ordinal), "k");
        var upper = await PostAsync(mine, AuditCalls.Event, "K");

        Assert.Equal((201, 201), (elsewhere.Status, upper.Status));
        Assert.Equal(2, (await _host.ListAllAsync(mine, "action=order.refund")).Count);
    }

    [Fact]
    public async Task Key_LeavesAnEventsOwnIdAlone()
    {
        var tenant = await _host.NewTenantAsync();

        var answer = await PostAsync(
            tenant, AuditCalls.Event.Replace("{\"actor", "{\"id\":\"mine\",\"actor", StringComparison.Ordinal), "k");

        Assert.Equal("mine", answer.Json.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("a, b")]
    [InlineData("a,b")]
    [InlineData("a b")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("\"a\";p=1")]
    [InlineData("\"a")]
    [InlineData("a\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\\")]
    [InlineData("ä")]
    public async Task Key_ThatIsNotOneKey_Is400AndNamesTheHeader(string key)
    {
        var tenant = await _host.NewTenantAsync();

        AssertRefused(await PostRawAsync(tenant, $"Idempotency-Key: {key}\r\n"));

        Assert.Empty(await _host.ListAllAsync(tenant, "action=order.refund"));
    }

    [Fact]
    public async Task Key_OfTwoLines_Is400AndNamesTheHeader() => AssertRefused(await PostRawAsync(
        await _host.NewTenantAsync(), "Idempotency-Key: a\r\nIdempotency-Key: a\r\n"));

    [Theory]
    [InlineData("")]
    [InlineData("\"")]
    public async Task Key_Of255Characters_IsTaken_OneMoreIsNot(string quote)
    {
        var tenant = await _host.NewTenantAsync();

        var longest = await PostAsync(tenant, AuditCalls.Event, quote + new string('k', 255) + quote);
        var longer = await PostAsync(tenant, AuditCalls.Event, quote + new string('k', 256) + quote);

        Assert.Equal(201, longest.Status);
        Assert.Equal((400, "Idempotency-Key"), (longer.Status, longer.Fault.Field));
    }

    private static void AssertRefused(string answer)
    {
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"field\":\"Idempotency-Key\"", answer, StringComparison.Ordinal);
    }

    private Task<Answer> PostAsync(string tenant, string body, string key) =>
        _host.PostAuditAsync(tenant, "events", body, ("Idempotency-Key", key));

    /// <summary>By hand: a client's library would join lines, or send none that is empty.</summary>
    private async Task<string> PostRawAsync(string tenant, string headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, _host.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {AuditCalls.Path(tenant, "events")} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
            $"Authorization: Bearer {TestHost.AdminKey}\r\nContent-Type: application/json\r\n{headers}" +
            $"Content-Length: {AuditCalls.Event.Length}\r\n\r\n{AuditCalls.Event}"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private static IEnumerable<long> Seqs(Answer batch) =>
        batch.Json.GetProperty("items").EnumerateArray().Select(receipt => receipt.GetProperty("seq").GetInt64());
}

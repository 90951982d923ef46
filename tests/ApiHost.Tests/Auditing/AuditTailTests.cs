using System.Text.Json;
using Gatehouse.ApiHost.Auditing;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>The live tail: each event once, in order, wherever one starts and however often one comes back.</summary>
public class AuditTailTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Tail_IsAStreamOfServerSentEvents()
    {
        var tenant = await _host.NewChainAsync(3);

        await using var tail = await TailReader.OpenAsync(_host, tenant, "?from=0");
        var (id, data) = await tail.NextAsync();

        Assert.Equal("text/event-stream", tail.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-store", tail.Response.Headers.CacheControl!.ToString());
        Assert.Equal((0, (await _host.GetAuditAsync(tenant, "events/0")).Text), (id, data));
    }

    [Fact]
    public async Task Tail_FromNowOn_BeginsWithWhatComesNext()
    {
        // All signed: nothing but this test adds to it.
        var tenant = await _host.NewChainAsync(5);

        await using var tail = await TailReader.OpenAsync(_host, tenant);
        var next = tail.NextAsync();
        await _host.RecordAsync(tenant, "news");
        var (id, data) = await next;

        Assert.Equal((5, "news"), (id, Id(data)));
    }

    [Fact]
    public async Task Tail_FromAPlaceThatIsNotThereYet_WaitsForIt()
    {
        var tenant = await _host.NewChainAsync(3);

        await using var tail = await TailReader.OpenAsync(_host, tenant, "?from=5");
        var next = tail.NextAsync();
        await _host.RecordAsync(tenant, "a", "b", "c");
        var (id, data) = await next;

        Assert.Equal((5, "c"), (id, Id(data)));
    }

    [Fact]
    public async Task Tail_ResumedAgainAndAgainWhileEventsCome_MissesNothingAndRepeatsNothing()
    {
        const int events = 600;
        var tenant = await _host.NewChainAsync(3);
        var writing = WriteAsync(tenant, events);
        var (seen, last) = (new List<(long Id, string Data)>(), "2");
        // A reader that leaves after 1, 8, 15, ... events, and comes back with the last id.
        for (var part = 1; seen.Count < events; part += 7)
        {
            // With a place beside it, which the id overrules: a browser repeats the address as it was.
            await using var tail = await TailReader.OpenAsync(_host, tenant, "?from=0", last);
            var taking = tail.TakeAsync(Math.Min(part, events - seen.Count));
            // What is not written does not come: it is said then, and not waited for.
            await (await Task.WhenAny(taking, writing.ContinueWith(
                ended => ended.IsFaulted ? ended : taking, TaskScheduler.Default).Unwrap()));
            seen.AddRange(await taking);
            last = $"{seen[^1].Id}";
        }

        await writing;
        Assert.Equal(Enumerable.Range(3, events).Select(seq => (long)seq), seen.Select(item => item.Id));
        Assert.All(seen, item => Assert.Equal(item.Id, JsonDocument.Parse(item.Data).RootElement.GetProperty("seq").GetInt64()));
        var ids = seen.Select(item => Id(item.Data)).Where(id => id?.StartsWith('w') is true).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task Tail_OfManyLargeEvents_SendsEachWhole()
    {
        var tenant = await _host.NewChainAsync(3);
        var large = AuditCalls.Event.Replace(
            "{\"actor", $"{{\"metadata\":{{\"x\":\"{new string('x', 30_000)}\"}},\"actor", StringComparison.Ordinal);
        for (var i = 0; i < 3; i++)
        {
            await _host.PostAuditAsync(
                tenant, "events", $$"""{"events":[{{string.Join(',', Enumerable.Repeat(large, 30))}}]}""");
        }

        await using var tail = await TailReader.OpenAsync(_host, tenant, "?from=3");
        var seen = await tail.TakeAsync(90);

        Assert.Equal(Enumerable.Range(3, 90).Select(seq => (long)seq), seen.Select(item => item.Id));
        Assert.All(seen, item => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(item.Data).RootElement.ValueKind));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1,2")]
    [InlineData("3")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    public async Task LastEventId_ThatIsNoneOfThisStream_Is400(string id)
    {
        var tenant = await _host.NewChainAsync(3);

        var answer = await _host.GetAuditAsync(tenant, "tail?from=0", ("Last-Event-ID", id));

        Assert.Equal((400, "Last-Event-ID"), (answer.Status, answer.Fault.Field));
    }

    [Theory]
    [InlineData("?from=-1")]
    [InlineData("?from=x")]
    public async Task From_Bad_NamesIt(string query)
    {
        var answer = await _host.GetAuditAsync(await _host.NewTenantAsync(), $"tail{query}");

        Assert.Equal((400, "from"), (answer.Status, answer.Fault.Field));
    }

    [Fact]
    public async Task Tails_OfOneTenant_AreNotAllThereAre()
    {
        var (tenant, other) = (await _host.NewTenantAsync(), await _host.NewTenantAsync());
        var tails = await Task.WhenAll(Enumerable.Range(0, AuditTails.TenantTailsMax)
            .Select(_ => TailReader.OpenAsync(_host, tenant)));
        try
        {
            var oneMore = await _host.GetAuditAsync(tenant, "tail");
            await using var others = await TailReader.OpenAsync(_host, other);

            Assert.Equal((429, "service_overloaded", "too_many_tails"),
                (oneMore.Status, oneMore.Code, oneMore.Json.GetProperty("reason").GetString()));
        }
        finally
        {
            foreach (var tail in tails)
            {
                await tail.DisposeAsync();
            }
        }
    }

    /// <summary>Four writers at once, each with single events and batches.</summary>
    private Task WriteAsync(string tenant, int events) => Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
    {
        foreach (var part in Enumerable.Range(0, events / 4).Chunk(5))
        {
            await _host.RecordAsync(tenant, part.Select(i => $"w{writer}-{i}"));
        }
    }));

    private static string? Id(string entry) => JsonDocument.Parse(entry).RootElement.GetProperty("id").GetString();
}

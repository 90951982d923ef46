using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Tests.Auditing;

/// <summary>The audit writer and a Gatehouse that keeps what it is sent: order, bounds, and nothing twice.</summary>
public class AuditWriterTests
{
    private readonly FakeChain _chain = new();
    private readonly TestTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_WrittenWhileABatchIsSent_GoOutTogether_InTheirOrder()
    {
        var release = _chain.Hold();
        await using var service = await StartAsync();

        await service.Audit.WriteAsync(Event("0"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        for (var i = 1; i <= 1200; i++)
        {
            Assert.True(service.Audit.TryWrite(Event(i.ToString(CultureInfo.InvariantCulture))));
        }

        var last = service.Audit.AppendAsync(Event("last"), Cancellation);
        Assert.Equal(1201, service.Metrics["gatehouse.audit_writer.queue.length"]);
        release.SetResult();
        await last;

        Assert.Equal([1, 500, 500, 201], _chain.Gatehouse.Requests.Select(r => r.Json.GetProperty("events").GetArrayLength()));
        Assert.Equal([.. Enumerable.Range(0, 1201).Select(i => $"{i}"), "last"], _chain.Ids);
        Assert.Equal((1202, 0), (
            service.Metrics["gatehouse.audit_writer.sent"], service.Metrics["gatehouse.audit_writer.queue.length"]));
    }

    [Fact]
    public async Task Batches_AreBoundedInBytes()
    {
        var release = _chain.Hold();
        await using var service = await StartAsync();
        await service.Audit.WriteAsync(Event("0"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        for (var i = 1; i <= 20; i++)
        {
            var large = new JsonObject { ["text"] = new string('é', 30_000) };
            await service.Audit.WriteAsync(Event($"{i}") with { Metadata = large }, Cancellation);
        }

        var last = service.Audit.AppendAsync(Event("last"), Cancellation);
        release.SetResult();
        await last;

        Assert.All(_chain.Gatehouse.Requests, request => Assert.InRange(request.Body.Length * 2, 0, 1024 * 1024));
        Assert.Equal(22, _chain.Ids.Count);
        Assert.Equal(4, _chain.Gatehouse.Requests.Count);
    }

    [Fact]
    public async Task Writers_WaitWhileTheQueueIsFull_AndNothingIsDropped()
    {
        var release = _chain.Hold();
        await using var service = await StartAsync(queueMax: 2);
        await service.Audit.WriteAsync(Event("0"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        Assert.True(service.Audit.TryWrite(Event("1")));
        await service.Audit.WriteAsync(Event("2"), Cancellation);

        Assert.False(service.Audit.TryWrite(Event("no room")));
        using var impatient = new CancellationTokenSource();
        var given = service.Audit.WriteAsync(Event("given up"), impatient.Token);
        var waiting = service.Audit.WriteAsync(Event("3"), Cancellation);
        Assert.False(given.IsCompleted || waiting.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(given.AsTask);
        release.SetResult();
        await waiting;
        await service.Audit.AppendAsync(Event("4"), Cancellation);

        Assert.Equal(["0", "1", "2", "3", "4"], _chain.Ids);
    }

    [Fact]
    public async Task Batch_WhoseAnswerWasLost_IsSentAgain_AndRecordedOnce()
    {
        _chain.LoseAnswers(4);
        await using var service = await StartAsync();

        var append = service.Audit.AppendAsync(Event(null), Cancellation);
        // The client's three attempts, then the writer begins again.
        await _time.PassAsync(0.2);
        await _time.PassAsync(0.4);
        await _time.PassAsync(5);
        await _time.PassAsync(0.2);
        var receipt = await append;

        Assert.Equal((0, 5), (receipt.Seq, _chain.Gatehouse.Requests.Count));
        Assert.Equal(Assert.Single(_chain.Ids), receipt.Id);
        Assert.Single(_chain.Gatehouse.Requests.Select(request => request.Body).Distinct());
        Assert.Equal((1, 1), (
            service.Metrics["gatehouse.audit_writer.retried"], service.Metrics["gatehouse.audit_writer.sent"]));
        Assert.Equal(LogLevel.Warning, service.Log.Lines.Single(line => line.Id == 6030).Level);
    }

    [Fact]
    public async Task Writer_HonoursWhatAnOverloadedGatehouseAsksFor_HoweverOften()
    {
        _chain.Overload(times: 4, retryAfter: 60);
        await using var service = await StartAsync();

        var append = service.Audit.AppendAsync(Event("0"), Cancellation);
        for (var i = 0; i < 4; i++)
        {
            await _time.PassAsync(60);
        }

        await append;
        Assert.Equal((5, 4), (_chain.Gatehouse.Requests.Count, service.Metrics["gatehouse.audit_writer.retried"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Event_ThatIsRefused_TakesNoOtherAlong(bool isNamed)
    {
        _chain.Refuse("bad 1", "bad 2", isNamed);
        var release = _chain.Hold();
        await using var service = await StartAsync();
        await service.Audit.WriteAsync(Event("first"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        string[] ids = ["a", "b", "bad 1", "c", "d", "e", "bad 2"];
        var appends = ids.ToDictionary(id => id, id => service.Audit.AppendAsync(Event(id), Cancellation));

        release.SetResult();
        await service.Audit.AppendAsync(Event("z"), Cancellation);

        Assert.Equal(["first", "a", "b", "c", "d", "e", "z"], _chain.Ids);
        foreach (var (id, append) in appends)
        {
            if (id.StartsWith("bad", StringComparison.Ordinal))
            {
                Assert.Equal("invalid_request", (await Assert.ThrowsAsync<GatehouseRefusedException>(() => append)).Code);
                Assert.Contains(service.Log.Lines, line => line.Id == 6031 && line.Text.Contains(id, StringComparison.Ordinal));
            }
            else
            {
                Assert.Equal(id, (await append).Id);
            }
        }

        Assert.Equal((2, 7), (
            service.Metrics["gatehouse.audit_writer.refused"], service.Metrics["gatehouse.audit_writer.sent"]));
    }

    [Theory]
    [InlineData(401, """{"code":"unauthenticated"}""")]
    [InlineData(404, """{"code":"tenant_not_found"}""")]
    [InlineData(400, "<html>a proxy</html>")]
    public async Task SetUp_ThatIsWrong_HoldsEventsUp_AndLosesNone(int status, string body)
    {
        _chain.Answer(status, body);
        await using var service = await StartAsync();

        var append = service.Audit.AppendAsync(Event("0"), Cancellation);
        await _time.PassAsync(1);

        Assert.Equal("0", (await append).Id);
        Assert.Equal(LogLevel.Error, service.Log.Lines.Single(line => line.Id == 6033).Level);
        Assert.Equal(0, service.Metrics["gatehouse.audit_writer.refused"]);
    }

    [Fact]
    public async Task Event_IsWhatItWasWhenItWasWritten()
    {
        var release = _chain.Hold();
        await using var service = await StartAsync();
        await service.Audit.WriteAsync(Event("first"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        var metadata = new JsonObject { ["n"] = 1 };

        var unnamed = service.Audit.AppendAsync(Event(null) with { Metadata = metadata }, Cancellation);
        metadata["n"] = 2;
        _time.Advance(TimeSpan.FromSeconds(3));
        release.SetResult();

        var sent = _chain.Entries[(await unnamed).Id];
        Assert.Equal((1, "2026-01-31T12:00:00+00:00"), (
            sent.GetProperty("metadata").GetProperty("n").GetInt32(), sent.GetProperty("occurredAt").GetString()));
        // An event with an id of its own is the same whenever it is written.
        Assert.False(_chain.Entries["first"].TryGetProperty("occurredAt", out _));
        Assert.Throws<ArgumentException>(() => service.Audit.TryWrite(Event("x") with { Outcome = AuditOutcome.None }));
    }

    private static AuditEvent Event(string? id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Outcome = AuditOutcome.Success,
    };

    private async Task<TestService> StartAsync(int queueMax = 10_000)
    {
        var service = TestService.With(_chain.Gatehouse, _time, options => options.AuditQueueMax = queueMax);
        await service.StartAsync();
        return service;
    }
}

using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Tests.Auditing;

/// <summary>A host that stops sends what is left, until its deadline; then it says how much is lost.</summary>
public class AuditSenderStopTests
{
    private readonly FakeChain _chain = new();
    private readonly TestTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_SendsWhatIsLeft_AndTakesNoMore()
    {
        var release = _chain.Hold();
        await using var service = TestService.With(_chain.Gatehouse, _time);
        await service.StartAsync();
        await service.Audit.WriteAsync(Event("0"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        await service.Audit.WriteAsync(Event("1"), Cancellation);

        var stop = service.StopAsync(CancellationToken.None);
        Assert.False(service.Audit.TryWrite(Event("late")));
        await Assert.ThrowsAsync<GatehouseUnavailableException>(
            () => service.Audit.WriteAsync(Event("late"), Cancellation).AsTask());
        Assert.False(stop.IsCompleted);
        release.SetResult();
        await stop;

        Assert.Equal(["0", "1"], _chain.Ids);
        Assert.Equal(0, service.Metrics["gatehouse.audit_writer.unsent"]);
        Assert.DoesNotContain(service.Log.Lines, line => line.Id == 6032);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_AtItsDeadline_CountsWhatIsLeft_AndSaysSo(bool isSending)
    {
        if (isSending)
        {
            _chain.Hold();
        }
        else
        {
            _chain.Overload(1, retryAfter: 60);
        }

        await using var service = TestService.With(_chain.Gatehouse, _time, options => options.AuditQueueMax = 2);
        await service.StartAsync();
        var sent = service.Audit.AppendAsync(Event("sent"), Cancellation);
        await _chain.Gatehouse.ArrivedAsync();
        var queued = service.Audit.AppendAsync(Event("queued"), Cancellation);
        await service.Audit.WriteAsync(Event("unwatched"), Cancellation);
        var waiting = service.Audit.WriteAsync(Event("waiting for room"), Cancellation);

        using var deadline = new CancellationTokenSource();
        var stop = service.StopAsync(deadline.Token);
        await Assert.ThrowsAsync<GatehouseUnavailableException>(waiting.AsTask);
        Assert.False(stop.IsCompleted);
        await deadline.CancelAsync();
        await stop;

        Assert.True((await Assert.ThrowsAsync<GatehouseUnavailableException>(() => sent)).MaybeApplied);
        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => queued);
        Assert.Equal(3, service.Metrics["gatehouse.audit_writer.unsent"]);
        var line = service.Log.Lines.Single(line => line.Id == 6032);
        Assert.Equal((LogLevel.Critical, "The host stopped before 3 audit events were recorded "), (line.Level, line.Text));
    }

    private static AuditEvent Event(string? id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Outcome = AuditOutcome.Success,
    };
}

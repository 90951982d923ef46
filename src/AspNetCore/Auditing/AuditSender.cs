using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Auditing;

/// <summary>
/// Sends what is queued, one batch at a time. What cannot be sent now is sent again, for ever; what is refused is
/// narrowed down to the event that is why, so that no event holds up or takes along another one.
/// </summary>
internal sealed partial class AuditSender(
    AuditQueue queue, GatehouseClient client, AuditingMetrics metrics, TimeProvider time, ILogger<AuditSender> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan BackOffMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _deadline = new();
    // The batch that is being sent, in parts; the first one is on top. What is in it is not acknowledged.
    private readonly Stack<ArraySegment<QueuedEvent>> _parts = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync(_deadline.Token);
        return Task.CompletedTask;
    }

    /// <summary>Sends what is left until the host's deadline.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Close();
        await using (cancellationToken.UnsafeRegister(
            static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline))
        {
            await _running;
        }

        GiveUp();
    }

    public void Dispose()
    {
        _deadline.Cancel();
        _deadline.Dispose();
    }

    private async Task RunAsync(CancellationToken deadline)
    {
        try
        {
            while (await queue.WaitAsync(deadline))
            {
                _parts.Push(queue.Take());
                while (_parts.TryPeek(out var part))
                {
                    await SendAsync(part, deadline);
                }
            }
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            // What is left is counted by whoever ended it.
        }
    }

    private async Task SendAsync(ArraySegment<QueuedEvent> part, CancellationToken deadline)
    {
        try
        {
            var receipts = await PersistAsync(part, deadline);
            _parts.Pop();
            metrics.Sent(part.Count);
            foreach (var (queued, receipt) in part.Zip(receipts))
            {
                queued.Receipt?.TrySetResult(receipt);
            }
        }
        catch (GatehouseRefusedException refusal) when (IsOfAnEvent(refusal))
        {
            _parts.Pop();
            if (part.Count == 1)
            {
                Refuse(part[0], refusal);
            }
            else
            {
                Split(part, IndexOf(refusal.Field));
            }
        }
    }

    /// <summary>Sends until it is recorded, or refused because of an event.</summary>
    private async Task<IReadOnlyList<AuditReceipt>> PersistAsync(
        ArraySegment<QueuedEvent> part, CancellationToken deadline)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await client.AppendAsync([.. part.Select(static queued => queued.Json)], deadline);
            }
            catch (Exception failure) when (!deadline.IsCancellationRequested && !IsOfAnEvent(failure))
            {
                // Whatever it is, the events must not be lost.
                var wait = Wait(attempt, (failure as GatehouseUnavailableException)?.RetryAfter);
                metrics.Retried();
                LogRetried(failure, part.Count, wait);
                await Task.Delay(wait, time, deadline);
            }
        }
    }

    /// <summary>
    /// Whether Gatehouse refuses what an event says. Other refusals are of the set-up, or of somebody in between.
    /// </summary>
    private static bool IsOfAnEvent(Exception failure) => failure is GatehouseRefusedException refusal
        && (refusal.Status == 413 || refusal.Code is "invalid_request" or "event_id_reused");

    private static TimeSpan Wait(int attempt, TimeSpan? asked)
    {
        var backOff = BackOffMin * Math.Pow(2, Math.Min(attempt, 10));
        var wait = backOff < BackOffMax ? backOff : BackOffMax;
        wait = asked > wait ? asked.Value : wait;
        // Not longer, whoever asks for it: the queue fills, and writers wait.
        wait = wait < WaitMax ? wait : WaitMax;
        return wait * (1 + (Random.Shared.NextDouble() / 5));
    }

    /// <summary>Which event a fault such as <c>events[3].action</c> is of.</summary>
    private static int? IndexOf(string? field) =>
        EventField().Match(field ?? "") is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;

    /// <summary>The event that is named alone, and what is before and behind it; without a name, two halves.</summary>
    private void Split(ArraySegment<QueuedEvent> part, int? named)
    {
        var (from, until) = named is { } index && index < part.Count
            ? (index, index + 1)
            : (part.Count / 2, part.Count / 2);
        foreach (var piece in new[] { part[until..], part[from..until], part[..from] })
        {
            if (piece.Count > 0)
            {
                _parts.Push(piece);
            }
        }
    }

    private void Refuse(QueuedEvent queued, GatehouseRefusedException refusal)
    {
        metrics.Refused();
        LogRefused(logger, queued.Id, refusal.Message);
        Fail(queued, refusal);
    }

    private void GiveUp()
    {
        var left = _parts.SelectMany(static part => part).ToList();
        _parts.Clear();
        while (queue.Take() is { Count: > 0 } batch)
        {
            left.AddRange(batch);
        }

        if (left.Count == 0)
        {
            return;
        }

        metrics.Unsent(left.Count);
        LogUnsent(logger, left.Count);
        foreach (var queued in left)
        {
            Fail(queued, new GatehouseUnavailableException("The host stopped before the audit event was recorded.")
            {
                MaybeApplied = true,
            });
        }
    }

    private static void Fail(QueuedEvent queued, Exception failure)
    {
        if (queued.Receipt?.TrySetException(failure) is true)
        {
            // Whoever waited may have given up, and nobody else will look.
            _ = queued.Receipt.Task.Exception;
        }
    }

    [GeneratedRegex(@"\Aevents\[(\d+)\]")]
    private static partial Regex EventField();

    private void LogRetried(Exception failure, int events, TimeSpan wait)
    {
        if (failure is GatehouseUnavailableException)
        {
            LogUnavailable(logger, events, queue.Count, wait.TotalSeconds, failure.Message);
        }
        else
        {
            LogHeldUp(logger, events, queue.Count, wait.TotalSeconds, failure.Message);
        }
    }

    [LoggerMessage(6030, LogLevel.Warning,
        "{Events} audit events are not recorded yet, and {Waiting} wait behind them; they are sent again in "
        + "{Seconds} s. {Reason}")]
    private static partial void LogUnavailable(
        ILogger logger, int events, int waiting, double seconds, string reason);

    [LoggerMessage(6033, LogLevel.Error,
        "{Events} audit events are held up, and {Waiting} wait behind them, until somebody puts this right; they are "
        + "sent again in {Seconds} s. {Reason}")]
    private static partial void LogHeldUp(ILogger logger, int events, int waiting, double seconds, string reason);

    [LoggerMessage(6031, LogLevel.Error, "Gatehouse refused the audit event {Id}; it is not recorded. {Reason}")]
    private static partial void LogRefused(ILogger logger, string id, string reason);

    [LoggerMessage(6032, LogLevel.Critical, "The host stopped before {Events} audit events were recorded")]
    private static partial void LogUnsent(ILogger logger, int events);
}

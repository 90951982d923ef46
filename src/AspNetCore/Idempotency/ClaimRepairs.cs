using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Tells the ends of claims that could not be told at once: each in its turn, for an hour. What is lost with this
/// process is a claim that runs out: its key is held, or may be started again, as its endpoint says.
/// </summary>
internal sealed partial class ClaimRepairs(
    IIdempotencyClaims claims, IdempotencyMetrics metrics, TimeProvider time, ILogger<ClaimRepairs> logger)
    : BackgroundService
{
    private const int Max = 1_000;
    private const long BytesMax = 32 * 1024 * 1024;

    private static readonly TimeSpan TriedFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan DelayMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(30);

    private readonly Channel<(ClaimStep Step, DateTimeOffset Since)> _steps =
        Channel.CreateBounded<(ClaimStep, DateTimeOffset)>(
            new BoundedChannelOptions(Max) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _bytes;

    /// <summary>Takes over the end of a claim; what finds no room is counted and logged.</summary>
    public void Add(ClaimStep step)
    {
        var bytes = BytesOf(step);
        if (Interlocked.Add(ref _bytes, bytes) > BytesMax || !_steps.Writer.TryWrite((step, time.GetUtcNow())))
        {
            Interlocked.Add(ref _bytes, -bytes);
            Lose();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _steps.Writer.TryComplete();
        // One last attempt for each; nobody will come back to them.
        while (_steps.Reader.TryPeek(out var last))
        {
            await TryTellAsync(last.Step, isLast: true, cancellationToken);
            Take();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _steps.Reader.WaitToReadAsync(stoppingToken))
        {
            var delay = DelayMin;
            while (_steps.Reader.TryPeek(out var next))
            {
                var isLast = time.GetUtcNow() - next.Since > TriedFor;
                if (await TryTellAsync(next.Step, isLast, stoppingToken) || isLast)
                {
                    Take();
                    delay = DelayMin;
                    continue;
                }

                await Task.Delay(delay, time, stoppingToken);
                PutLast();
                delay = delay * 2 < DelayMax ? delay * 2 : DelayMax;
            }
        }
    }

    /// <summary>One that is refused for good must not hold up the others.</summary>
    private void PutLast()
    {
        if (_steps.Reader.TryRead(out var first) && !_steps.Writer.TryWrite(first))
        {
            Interlocked.Add(ref _bytes, -BytesOf(first.Step));
            Lose();
        }
    }

    private void Take()
    {
        if (_steps.Reader.TryRead(out var taken))
        {
            Interlocked.Add(ref _bytes, -BytesOf(taken.Step));
        }
    }

    private static int BytesOf(ClaimStep step) => step.Response?.Body.Length ?? 0;

    private async Task<bool> TryTellAsync(ClaimStep step, bool isLast, CancellationToken cancellation)
    {
        try
        {
            metrics.Repaired(IdempotencyMetrics.Word(await step.TellAsync(claims, cancellation)));
            return true;
        }
#pragma warning disable CA1031 // Whatever keeps the claims away: tried again, and counted once it is given up.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (isLast)
            {
                Lose();
            }

            return false;
        }
    }

    private void Lose()
    {
        metrics.Repaired("lost");
        LogLost();
    }

    [LoggerMessage(6103, LogLevel.Error,
        "An answer was given and could not be recorded; its idempotency key is held or may be started again")]
    private partial void LogLost();
}

using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Gatehouse.AspNetCore.Auditing;

/// <summary>Events that wait to be sent: many writers, one reader, a bound.</summary>
internal sealed class AuditQueue
{
    /// <summary>How many events go out together; Gatehouse takes 1,000.</summary>
    public const int BatchEventsMax = 500;

    /// <summary>How large a batch may become; Gatehouse takes 1 MiB.</summary>
    public const int BatchBytesMax = 512 * 1024;

    private readonly Channel<QueuedEvent> _events;

    public AuditQueue(IOptions<GatehouseOptions> options, AuditingMetrics metrics)
    {
        _events = Channel.CreateBounded<QueuedEvent>(
            new BoundedChannelOptions(options.Value.AuditQueueMax) { SingleReader = true });
        metrics.Watch(() => _events.Reader.Count);
    }

    public int Count => _events.Reader.Count;

    public bool TryAdd(QueuedEvent queued) => _events.Writer.TryWrite(queued);

    public async ValueTask AddAsync(QueuedEvent queued, CancellationToken cancellation)
    {
        try
        {
            await _events.Writer.WriteAsync(queued, cancellation);
        }
        catch (ChannelClosedException closed)
        {
            throw new GatehouseUnavailableException("The host stops: the audit event was not queued.", closed);
        }
    }

    /// <summary>No more events; those that are here can still be taken.</summary>
    public void Close() => _events.Writer.TryComplete();

    /// <summary>Waits for an event; false: there will be none.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _events.Reader.WaitToReadAsync(cancellation);

    /// <summary>Takes what is here, up to a batch: the next one gathers while this one is sent.</summary>
    public ArraySegment<QueuedEvent> Take()
    {
        var (batch, bytes) = (new List<QueuedEvent>(), 0);
        while (batch.Count < BatchEventsMax && _events.Reader.TryPeek(out var next)
            && (batch.Count == 0 || bytes + next.Json.Length <= BatchBytesMax)
            && _events.Reader.TryRead(out var taken))
        {
            batch.Add(taken);
            bytes += taken.Json.Length;
        }

        return new ArraySegment<QueuedEvent>([.. batch]);
    }
}

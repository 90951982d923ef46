using Gatehouse.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Auditing;

/// <summary>Puts events into the queue.</summary>
internal sealed class AuditWriter(AuditQueue queue, TimeProvider time) : IAuditWriter
{
    public ValueTask WriteAsync(AuditEvent audited, CancellationToken cancellation = default) =>
        queue.AddAsync(Prepare(audited, receipt: null), cancellation);

    public bool TryWrite(AuditEvent audited) => queue.TryAdd(Prepare(audited, receipt: null));

    public async Task<AuditReceipt> AppendAsync(AuditEvent audited, CancellationToken cancellation = default)
    {
        var receipt = new TaskCompletionSource<AuditReceipt>(TaskCreationOptions.RunContinuationsAsynchronously);
        await queue.AddAsync(Prepare(audited, receipt), cancellation);
        return await receipt.Task.WaitAsync(cancellation);
    }

    private QueuedEvent Prepare(AuditEvent audited, TaskCompletionSource<AuditReceipt>? receipt)
    {
        ArgumentNullException.ThrowIfNull(audited);
        // It may lie here for long, so when it is recorded is not when it happened. An event with an id of its own may
        // be written again, and has to be the same then.
        var named = audited.Id is not null
            ? audited
            : audited with { Id = GatehouseClient.NewId(), OccurredAt = audited.OccurredAt ?? time.GetUtcNow() };
        return new QueuedEvent(named.Id!, GatehouseClient.Json(named), receipt);
    }
}

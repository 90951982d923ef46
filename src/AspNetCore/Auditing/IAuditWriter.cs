namespace Gatehouse.AspNetCore.Auditing;

/// <summary>
/// Records audit events of this service in its tenant's chain. Events wait in a bounded queue in memory and are sent in
/// the order they were written in, in batches, one after the other, again and again until Gatehouse has recorded them.
/// None is lost silently: the queue makes writers wait, an event that Gatehouse refuses is logged and counted, and so
/// is what is left when the host stops. A process that crashes loses its queue: where an effect must not happen
/// without its event, await <see cref="AppendAsync"/>.
/// </summary>
/// <remarks>
/// Every event has an id before it is sent first, so sending it again records it once. Events are serialised when they
/// are written: what is changed in them later changes nothing. Safe for concurrent use.
/// </remarks>
public interface IAuditWriter
{
    /// <summary>Completes when the event is queued; waits for as long as the queue is full.</summary>
    /// <exception cref="OperationCanceledException">The event was not queued.</exception>
    /// <exception cref="GatehouseUnavailableException">The host stops; the event was not queued.</exception>
    ValueTask WriteAsync(AuditEvent audited, CancellationToken cancellation = default);

    /// <summary>
    /// Queues the event if there is room. False: the queue is full, or the host stops; the event was not queued.
    /// </summary>
    bool TryWrite(AuditEvent audited);

    /// <summary>Completes when Gatehouse has recorded the event, behind all that were written before it.</summary>
    /// <returns>Where it stands.</returns>
    /// <exception cref="GatehouseRefusedException">Gatehouse refused it; it is not recorded.</exception>
    /// <exception cref="GatehouseUnavailableException">The host stopped first: it may or may not be recorded.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// Waiting was given up: the event is recorded all the same if it was queued.
    /// </exception>
    Task<AuditReceipt> AppendAsync(AuditEvent audited, CancellationToken cancellation = default);
}

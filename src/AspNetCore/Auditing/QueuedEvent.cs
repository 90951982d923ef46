namespace Gatehouse.AspNetCore.Auditing;

/// <summary>An event on its way.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Json">The event, as it is sent each time.</param>
/// <param name="Receipt">Who waits for it; null: nobody.</param>
internal sealed record QueuedEvent(
    string Id, ReadOnlyMemory<byte> Json, TaskCompletionSource<AuditReceipt>? Receipt);

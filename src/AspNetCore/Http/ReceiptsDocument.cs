namespace Gatehouse.AspNetCore.Http;

/// <summary>Receipts, in the order of the events.</summary>
internal sealed record ReceiptsDocument
{
    public required IReadOnlyList<AuditReceipt> Items { get; init; }
}

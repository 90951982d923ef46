namespace Gatehouse.Chaos.Tests.Histories;

/// <summary>All that was done, by clients and to the system.</summary>
/// <param name="Operations">In the order of their start.</param>
/// <param name="Faults">In the order of their start.</param>
internal sealed record History<TOperation>(IReadOnlyList<TOperation> Operations, IReadOnlyList<Fault> Faults)
    where TOperation : IOperation
{
    public static History<TOperation> Of(IEnumerable<TOperation> operations, IEnumerable<Fault>? faults = null) => new(
        [.. operations.OrderBy(operation => operation.Start)], [.. (faults ?? []).OrderBy(fault => fault.From)]);

    /// <summary>The faults in an interval that a region felt; null: any region.</summary>
    public IEnumerable<Fault> FaultsIn(string? region, TimeSpan from, TimeSpan to) =>
        Faults.Where(fault => fault.IsOf(region) && fault.Touches(from, to));
}

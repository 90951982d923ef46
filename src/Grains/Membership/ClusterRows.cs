using Gatehouse.Grains.Abstractions.Membership;
using Orleans.Runtime;

namespace Gatehouse.Grains.Membership;

/// <summary>What one silo makes of the rows of the membership table.</summary>
internal static class ClusterRows
{
    /// <summary>
    /// The row of a silo that runs is never taken out of the table, only changed. So a table without it is not the one
    /// that the silo joined by.
    /// </summary>
    /// <param name="rows">Null when the table could not be read.</param>
    /// <param name="self">The silo that asks. It has joined.</param>
    public static TableVerdict Judge(IReadOnlyList<MembershipEntry>? rows, SiloAddress self) => rows switch
    {
        null => TableVerdict.Unknown,
        _ when rows.Any(row => row.SiloAddress.Equals(self)) => TableVerdict.Intact,
        _ => TableVerdict.Lost,
    };

    /// <summary>
    /// Every silo that is not dead. What this silo knows of the members of its cluster is newer than the table; of
    /// others the table is all there is.
    /// </summary>
    public static IReadOnlyList<SiloView> Views(
        IReadOnlyList<MembershipEntry>? rows,
        IReadOnlyDictionary<SiloAddress, SiloStatus> known,
        IReadOnlyDictionary<SiloAddress, int> activations)
    {
        var byAddress = (rows ?? []).ToDictionary(row => row.SiloAddress);
        return byAddress.Keys.Union(known.Keys)
            .Select(address =>
            {
                var row = byAddress.GetValueOrDefault(address);
                var isKnown = known.TryGetValue(address, out var status);
                return new SiloView
                {
                    Address = address.ToParsableString(),
                    Status = PhaseOf(isKnown ? status : row!.Status),
                    IsKnown = isKnown,
                    IsInTable = row is not null,
                    StartedAt = Time(row?.StartTime),
                    AliveAt = Time(row?.IAmAliveTime),
                    Activations = activations.TryGetValue(address, out var count) ? count : null,
                };
            })
            .Where(silo => silo.Status is not SiloPhase.None)
            .OrderBy(silo => silo.Address, StringComparer.Ordinal)
            .ToList();
    }

    private static SiloPhase PhaseOf(SiloStatus status) => status switch
    {
        SiloStatus.Created or SiloStatus.Joining => SiloPhase.Joining,
        SiloStatus.Active => SiloPhase.Active,
        SiloStatus.ShuttingDown or SiloStatus.Stopping => SiloPhase.Leaving,
        _ => SiloPhase.None,
    };

    // The table has no word for never.
    private static DateTimeOffset? Time(DateTime? written) => written is { Year: > 1 } time
        ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))
        : null;
}

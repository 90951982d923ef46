using Orleans.Runtime;

namespace Gatehouse.Grains.Membership;

/// <summary>Reads the membership table.</summary>
internal interface IMembershipReader
{
    /// <summary>The rows of the table; none when there is no table. Fails when it cannot be read.</summary>
    Task<IReadOnlyList<MembershipEntry>> ReadAsync();
}

using Gatehouse.Grains.Membership;
using Gatehouse.Silo;
using Orleans;
using Orleans.Runtime;

namespace Gatehouse.Cluster.Tests.Fixtures;

/// <summary>The real table, until a test says otherwise.</summary>
internal sealed class FakeMembershipReader(IMembershipTable table) : IMembershipReader
{
    private readonly MembershipReader _real = new(table);

    public bool IsDown { get; set; }

    public bool IsEmpty { get; set; }

    public Task<IReadOnlyList<MembershipEntry>> ReadAsync() =>
        IsDown ? Task.FromException<IReadOnlyList<MembershipEntry>>(new TimeoutException("The table is down."))
        : IsEmpty ? Task.FromResult<IReadOnlyList<MembershipEntry>>([])
        : _real.ReadAsync();
}

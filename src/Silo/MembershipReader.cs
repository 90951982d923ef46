using Gatehouse.Grains.Membership;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Runtime;

namespace Gatehouse.Silo;

/// <summary>Reads the table that Orleans uses, whichever clustering there is.</summary>
internal sealed class MembershipReader(IMembershipTable table) : IMembershipReader
{
    public async Task<IReadOnlyList<MembershipEntry>> ReadAsync()
    {
        try
        {
            return (await table.ReadAllAsync()).Members.Select(member => member.Item1).ToList();
        }
        catch (RedisClusteringException)
        {
            // Redis answered, and the table has no version: it is not there.
            return [];
        }
    }
}

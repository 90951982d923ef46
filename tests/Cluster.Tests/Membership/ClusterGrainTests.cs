using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Membership;
using Gatehouse.Silo.Health;

namespace Gatehouse.Cluster.Tests.Membership;

/// <summary>Each silo says what it sees, and health says when the table is gone.</summary>
public class ClusterGrainTests
{
    [Fact]
    public async Task View_OfTwoSilos_NamesBothWithTheirActivations()
    {
        await using var cluster = await GatehouseCluster.StartAsync();

        var view = await cluster.Grains.Cluster("local").ViewAsync();

        Assert.Equal(("local", TableVerdict.Intact), (view.Region, view.Table));
        Assert.Equal(cluster.Cluster.Silos.Select(silo => silo.SiloAddress.ToParsableString()).Order(),
            view.Silos.Select(silo => silo.Address));
        Assert.All(view.Silos, silo =>
        {
            Assert.Equal((SiloPhase.Active, true, true), (silo.Status, silo.IsKnown, silo.IsInTable));
            Assert.True(silo.Activations > 0);
            Assert.NotNull(silo.StartedAt);
        });
    }

    [Fact]
    public async Task View_AfterASiloWasKilled_ListsItNoLonger()
    {
        await using var cluster = await GatehouseCluster.StartAsync();
        var killed = cluster.Cluster.Silos[1];
        await cluster.Cluster.KillSiloAsync(killed);
        await cluster.Cluster.WaitForLivenessToStabilizeAsync(didKill: true);

        var view = await cluster.Grains.Cluster("local").ViewAsync();

        Assert.Equal(cluster.Cluster.Silos[0].SiloAddress.ToParsableString(), Assert.Single(view.Silos).Address);
    }

    [Fact]
    public async Task Table_LostAndUnreadable_IsSaid()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var reader = (FakeMembershipReader)cluster.Service<IMembershipReader>();
        Assert.Equal((TableVerdict.Intact, CheckOutcome.Good), await LookAsync(cluster));

        reader.IsEmpty = true;
        Assert.Equal((TableVerdict.Lost, CheckOutcome.Lost), await LookAsync(cluster));
        Assert.False(Assert.Single((await cluster.Grains.Cluster("local").ViewAsync()).Silos).IsInTable);

        reader.IsDown = true;
        Assert.Equal((TableVerdict.Unknown, CheckOutcome.Bad), await LookAsync(cluster));

        (reader.IsDown, reader.IsEmpty) = (false, false);
        Assert.Equal((TableVerdict.Intact, CheckOutcome.Good), await LookAsync(cluster));
    }

    private static async Task<(TableVerdict, CheckOutcome)> LookAsync(GatehouseCluster cluster)
    {
        var membership = cluster.Service<MembershipHealth>();
        await membership.LookAsync();
        var result = await new MembershipCheck(membership).LookAsync(CancellationToken.None);
        return (membership.Verdict, result.Outcome);
    }
}

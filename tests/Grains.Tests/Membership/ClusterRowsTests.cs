using System.Net;
using Gatehouse.Grains.Abstractions.Membership;
using Gatehouse.Grains.Membership;
using Orleans.Runtime;

namespace Gatehouse.Grains.Tests.Membership;

/// <summary>What a silo makes of the table: above all, when it is not the one that it joined by.</summary>
public class ClusterRowsTests
{
    private static readonly SiloAddress Self = Silo(11111);
    private static readonly SiloAddress Other = Silo(11112);
    private static readonly Dictionary<SiloAddress, int> NoCounts = [];

    [Fact]
    public void Judge_ByWhetherTheTableNamesTheSilo()
    {
        Assert.Equal(TableVerdict.Intact, ClusterRows.Judge([Row(Other), Row(Self)], Self));
        Assert.Equal(TableVerdict.Lost, ClusterRows.Judge([], Self));
        Assert.Equal(TableVerdict.Lost, ClusterRows.Judge([Row(Other)], Self));
        Assert.Equal(TableVerdict.Unknown, ClusterRows.Judge(null, Self));
    }

    [Fact]
    public void Judge_ASiloOfTheSameAddressThatWasStartedLater_IsAnotherOne()
    {
        var again = SiloAddress.New(Self.Endpoint, Self.Generation + 1);

        Assert.Equal(TableVerdict.Lost, ClusterRows.Judge([Row(again)], Self));
    }

    [Fact]
    public void Views_OfAClusterThatFellApart_ShowBothParts()
    {
        var counts = new Dictionary<SiloAddress, int> { [Self] = 7 };

        var views = ClusterRows.Views([Row(Other)], Known((Self, SiloStatus.Active)), counts);

        Assert.Equal(2, views.Count);
        Assert.Equal((true, false, SiloPhase.Active, 7), Parts(views[0]));
        Assert.Equal((false, true, SiloPhase.Active, (int?)null), Parts(views[1]));
        Assert.Null(views[0].StartedAt);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), views[1].StartedAt);

        static (bool, bool, SiloPhase, int?) Parts(SiloView view) =>
            (view.IsKnown, view.IsInTable, view.Status, view.Activations);
    }

    [Theory]
    [InlineData(SiloStatus.Created, SiloPhase.Joining)]
    [InlineData(SiloStatus.Joining, SiloPhase.Joining)]
    [InlineData(SiloStatus.Active, SiloPhase.Active)]
    [InlineData(SiloStatus.ShuttingDown, SiloPhase.Leaving)]
    [InlineData(SiloStatus.Stopping, SiloPhase.Leaving)]
    public void Views_PreferWhatTheSiloKnowsToTheTable(SiloStatus known, SiloPhase shown)
    {
        var view = Assert.Single(ClusterRows.Views([Row(Other)], Known((Other, known)), NoCounts));

        Assert.Equal(shown, view.Status);
    }

    [Fact]
    public void Views_LeaveOutTheDead_WhoeverSaysSo()
    {
        Assert.Empty(ClusterRows.Views([Row(Other)], Known((Other, SiloStatus.Dead)), NoCounts));
        Assert.Empty(ClusterRows.Views([Row(Other, SiloStatus.Dead)], Known(), NoCounts));
    }

    [Fact]
    public void Views_WithoutATable_AreWhatTheSiloKnows()
    {
        var view = Assert.Single(ClusterRows.Views(null, Known((Self, SiloStatus.Active)), NoCounts));

        Assert.False(view.IsInTable);
        Assert.Null(view.Activations);
    }

    private static Dictionary<SiloAddress, SiloStatus> Known(params (SiloAddress Silo, SiloStatus Status)[] known) =>
        known.ToDictionary(silo => silo.Silo, silo => silo.Status);

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 1);

    private static MembershipEntry Row(SiloAddress silo, SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = silo,
        Status = status,
        StartTime = new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc),
    };
}

using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Gatehouse.Grains.Membership;
using Gatehouse.Grains.Resilience;
using Gatehouse.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace Gatehouse.Cluster.Tests.Membership;

/// <summary>A silo that goes on after a standstill looks at once whether it was declared dead.</summary>
public class StandstillNoticeTests
{
    [Fact]
    public async Task Standstill_IsFollowedByALookIntoTheTable_EachTime_AlsoWhereOneFails()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var clock = new FakeTimeProvider();
        var members = new Members();
        using var standstill = new Standstill(clock);
        using var notice = new StandstillNotice(
            standstill, members, new MembershipMetrics(services.GetRequiredService<IMeterFactory>()),
            NullLogger<StandstillNotice>.Instance);
        await notice.StartAsync(CancellationToken.None);

        for (var time = 1; time <= 2; time++)
        {
            clock.Advance(TimeSpan.FromSeconds(20));
            await members.Reads.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(time, standstill.Count);
        }

        await notice.StopAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.False(members.Reads.Reader.TryRead(out _));
    }

    private sealed class Members : IClusterMembershipService
    {
        public Channel<MembershipVersion> Reads { get; } = Channel.CreateUnbounded<MembershipVersion>();

        public ClusterMembershipSnapshot CurrentSnapshot => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken)
        {
            Reads.Writer.TryWrite(minimumVersion);
            throw new TimeoutException("The table could not be read.");
        }

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}

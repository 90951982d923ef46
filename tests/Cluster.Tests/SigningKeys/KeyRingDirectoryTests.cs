using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Cluster.Tests.SigningKeys;

/// <summary>What an API host knows of rings without asking.</summary>
public sealed class KeyRingDirectoryTests : IAsyncLifetime
{
    private GatehouseCluster _cluster = null!;
    private KeyRingDirectory _directory = null!;
    private string _tenant = "";

    public async ValueTask InitializeAsync()
    {
        _cluster = await GatehouseCluster.StartAsync(silos: 1);
        _directory = new KeyRingDirectory(_cluster.Grains, _cluster.Time);
        _tenant = await _cluster.RingAsync();
        // The upkeep of a grain that was just woken reads, too.
        await _cluster.DriveUntilAsync(() => _cluster.Rings.Reads >= 2);
        await _directory.GetAsync(_tenant);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Verify_OfACachedVersion_AsksNobody()
    {
        var signed = await _cluster.SignaturesOf(0).SignAsync(_tenant, null, [[1]]);
        var reads = _cluster.Rings.Reads;

        for (var i = 0; i < 100; i++)
        {
            var version = await _directory.FindAsync(_tenant, 1);
            Assert.True(_directory.Verify(version!, [1], signed.Signatures[0]));
            Assert.False(_directory.Verify(version!, [2], signed.Signatures[0]));
        }

        Assert.Equal(reads, _cluster.Rings.Reads);
    }

    [Fact]
    public async Task Version_ThatIsMadeUp_IsAskedForOncePerSecondAtMost()
    {
        var reads = _cluster.Rings.Reads;

        for (var i = 0; i < 100; i++)
        {
            Assert.Null(await _directory.FindAsync(_tenant, 2 + i));
        }

        Assert.Equal(reads + 1, _cluster.Rings.Reads);
    }

    [Fact]
    public async Task Version_ThatWasMadeElsewhereAMomentAgo_IsFound()
    {
        await _cluster.Grains.KeyRing(_tenant).RotateAsync(null, Precondition.Unconditional);

        Assert.Equal(KeyStatus.Pending, (await _directory.FindAsync(_tenant, 2))!.Status);
    }

    [Fact]
    public async Task Revocation_IsSeenWhenItIsAnnouncedAndElseAfterAFewSeconds()
    {
        await _cluster.Grains.KeyRing(_tenant).RotateAsync(null, Precondition.Unconditional);
        await _cluster.DriveAsync(_cluster.RevokeAsync(_tenant, 1));
        Assert.Equal(KeyStatus.Active, (await _directory.FindAsync(_tenant, 1))!.Status);

        _directory.RingChanged(_tenant, "another");
        Assert.Equal(KeyStatus.Revoked, (await _directory.FindAsync(_tenant, 1))!.Status);

        await _cluster.DriveAsync(_cluster.RevokeAsync(_tenant, 2));
        _cluster.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(KeyStatus.Revoked, (await _directory.FindAsync(_tenant, 2))!.Status);
    }
}

using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Resilience;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Storage;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>The scripts of the key rings, on both kinds of store.</summary>
public class KeyRingStoreTests
{
    private const string Tenant = "acme";
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Replace_OfTheRingThatWasRead_IsReadBackAndSafeToRepeat(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        var (empty, first) = (await rings.ReadAsync(Tenant), Ring(1));

        Assert.True(await rings.ReplaceAsync(Tenant, empty, first));
        Assert.True(await rings.ReplaceAsync(Tenant, empty, first));

        Assert.Equal(0, empty.Epoch);
        Assert.Equivalent(first, await rings.ReadAsync(Tenant), strict: true);
        Assert.Equal(0, (await rings.ReadAsync("other")).Epoch);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Replace_ByManyAtOnce_LetsOneThrough(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);

        var made = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1, publicKey: (byte)i))));

        Assert.Single(made, isMade => isMade);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Replace_OfAnOlderRing_ChangesNothing(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        await rings.ReplaceAsync(Tenant, Ring(1), Ring(2));

        Assert.False(await rings.ReplaceAsync(Tenant, Ring(1), Ring(2, publicKey: 99)));
        Assert.False(await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1)));

        Assert.Equivalent(Ring(2), await rings.ReadAsync(Tenant), strict: true);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Lease_OnAnOlderRing_IsNotGivenAndCountsUntilTheSignerTakesTheNewOne(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        Assert.Equal(0, (await rings.LeaseAsync(Tenant, "a", KeyRingState.Empty, Lease)).Epoch);
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        Assert.True((await rings.LeaseAsync(Tenant, "a", Ring(1), Lease)).IsGiven);
        Assert.True((await rings.LeaseAsync(Tenant, "b", Ring(1), Lease)).IsGiven);
        await rings.ReplaceAsync(Tenant, Ring(1), Ring(2));
        Assert.Equal(2, await HoldersAsync(rings, Ring(2)));

        var refused = await rings.LeaseAsync(Tenant, "a", Ring(1), Lease);

        Assert.False(refused.IsGiven);
        Assert.Equivalent(Ring(2), refused.Ring, strict: true);
        Assert.Equal(2, await HoldersAsync(rings, Ring(2)));
        Assert.True((await rings.LeaseAsync(Tenant, "a", Ring(2), Lease)).IsGiven);
        Assert.Equal(1, await HoldersAsync(rings, Ring(2)));
        Assert.True((await rings.LeaseAsync(Tenant, "b", Ring(2), Lease)).IsGiven);
        Assert.Equal(0, await HoldersAsync(rings, Ring(2)));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Lease_ThatRanOut_CountsNoMore(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        await rings.LeaseAsync(Tenant, "a", Ring(1), TimeSpan.FromMilliseconds(300));
        await rings.ReplaceAsync(Tenant, Ring(1), Ring(2));

        Assert.Equal(1, await HoldersAsync(rings, Ring(2)));

        await Eventually.HoldsAsync(async () => await HoldersAsync(rings, Ring(2)) == 0, TimeSpan.FromSeconds(10));
    }

    /// <summary>A server that the ring has not met before may lack leases that another one gave.</summary>
    [Fact]
    public async Task Holders_AfterARestart_AreNotKnownUntilEveryLeaseHasRunOut()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var connection = await redis.ConnectAsync();
        var rings = new RedisKeyRingStore(
            new RedisConnection(connection, Guards.New(GuardedStores.Data), Guards.Metrics), new NoStoreCommit());
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        Assert.Equal(0, await rings.HoldersAsync(Tenant, Ring(1)));

        await redis.RestartAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(connection.IsConnected), TimeSpan.FromSeconds(10));

        Assert.Null(await rings.HoldersAsync(Tenant, Ring(1), TimeSpan.FromSeconds(1)));
        await Eventually.HoldsAsync(
            async () => await rings.HoldersAsync(Tenant, Ring(1), TimeSpan.FromSeconds(1)) == 0, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Lease_OfTheSameEpochAndAnotherChange_IsOnAnotherRing(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        var (lost, other) = (Ring(1) with { Stamp = "lost" }, Ring(1) with { Stamp = "other" });
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, lost);
        await rings.LeaseAsync(Tenant, "a", lost, Lease);
        // As after a fail-over to a replica that had not heard of the change, and took another one.
        await store.Admin.KeyDeleteAsync(RedisKeyRingStore.RingOf(Tenant));
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, other);

        var refused = await rings.LeaseAsync(Tenant, "a", lost, Lease);

        Assert.Equal((false, "other"), (refused.IsGiven, refused.Ring!.Stamp));
        Assert.Equal(1, await HoldersAsync(rings, other));
        Assert.False(await rings.ReplaceAsync(Tenant, lost, Ring(2)));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Keks_AreReadAsTheyWereWritten(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);

        await rings.WriteKeksAsync(Tenant, ["a"]);
        await rings.WriteKeksAsync(Tenant, ["a", "b"]);
        await rings.WriteKeksAsync("other", ["b"]);

        var keks = await rings.ReadKeksAsync();
        Assert.Equal(["a", "b"], keks[Tenant]);
        Assert.Equal(["b"], keks["other"]);
        await rings.WriteKeksAsync("other", []);
        Assert.Equal([Tenant], (await rings.ReadKeksAsync()).Keys);
    }

    [Fact]
    public async Task Read_OfSomethingElse_IsNotTakenForAnEmptyRing()
    {
        await using var store = await Store.StartAsync("redis");
        await store.Admin.HashSetAsync(RedisKeyRingStore.RingOf(Tenant), "ring", "nonsense");

        var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(() => New(store).ReadAsync(Tenant));

        Assert.Equal(("key_ring_unreadable", Applied.No), (refusal.Reason, refusal.Applied));
    }

    private static RedisKeyRingStore New(Store store) => new(store.Redis, new NoStoreCommit());

    /// <summary>Asked past the rule for a server that the ring has just met, which has a test of its own.</summary>
    private static async Task<int?> HoldersAsync(RedisKeyRingStore rings, KeyRingState ring) =>
        await rings.HoldersAsync(Tenant, ring, TimeSpan.Zero);

    private static KeyRingState Ring(long epoch, byte publicKey = 1) => new()
    {
        Epoch = epoch,
        Stamp = $"{epoch}-{publicKey}",
        ChangedAt = Now,
        Versions =
        [
            new KeyVersion
            {
                Number = 1,
                Algorithm = "ES256",
                Status = KeyStatus.Active,
                PublicKey = [publicKey],
                PrivateKey = new WrappedKey("kek", [1], [2], [3]),
                CreatedAt = Now,
                ActivatedAt = Now,
            },
        ],
    };
}

using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.SigningKeys;
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
        Assert.Equal(0, (await rings.LeaseAsync(Tenant, "a", 0, Lease)).Epoch);
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        Assert.True((await rings.LeaseAsync(Tenant, "a", 1, Lease)).IsGiven);
        Assert.True((await rings.LeaseAsync(Tenant, "b", 1, Lease)).IsGiven);
        await rings.ReplaceAsync(Tenant, Ring(1), Ring(2));
        Assert.Equal(2, await HoldersAsync(rings, 2));

        var refused = await rings.LeaseAsync(Tenant, "a", 1, Lease);

        Assert.False(refused.IsGiven);
        Assert.Equivalent(Ring(2), refused.Ring, strict: true);
        Assert.Equal(2, await HoldersAsync(rings, 2));
        Assert.True((await rings.LeaseAsync(Tenant, "a", 2, Lease)).IsGiven);
        Assert.Equal(1, await HoldersAsync(rings, 2));
        Assert.True((await rings.LeaseAsync(Tenant, "b", 2, Lease)).IsGiven);
        Assert.Equal(0, await HoldersAsync(rings, 2));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Lease_ThatRanOut_CountsNoMore(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var rings = New(store);
        await rings.ReplaceAsync(Tenant, KeyRingState.Empty, Ring(1));
        await rings.LeaseAsync(Tenant, "a", 1, TimeSpan.FromMilliseconds(300));
        await rings.ReplaceAsync(Tenant, Ring(1), Ring(2));

        Assert.Equal(1, await HoldersAsync(rings, 2));

        await Eventually.HoldsAsync(async () => await HoldersAsync(rings, 2) == 0, TimeSpan.FromSeconds(10));
    }

    /// <summary>A store that has just been started may have forgotten leases, and says that it does not know.</summary>
    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Holders_OfAStoreThatJustStarted_AreNotKnown(string kind)
    {
        await using var store = await Store.StartAsync(kind);

        Assert.Null(await New(store).HoldersAsync(Tenant, 1));
        Assert.InRange((await New(store).CountHoldersAsync(Tenant, 1)).UptimeSeconds, 0, 7);
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
    }

    [Fact]
    public async Task Read_OfSomethingElse_IsNotTakenForAnEmptyRing()
    {
        await using var store = await Store.StartAsync("redis");
        await store.Redis.Database.HashSetAsync(RedisKeyRingStore.RingOf(Tenant), "ring", "nonsense");

        await Assert.ThrowsAsync<InvalidDataException>(() => New(store).ReadAsync(Tenant));
    }

    private static RedisKeyRingStore New(Store store) => new(store.Redis, new NoStoreCommit());

    /// <summary>Asked past the rule for a store that has just started, which has a test of its own.</summary>
    private static async Task<int> HoldersAsync(RedisKeyRingStore rings, long epoch) =>
        (await rings.CountHoldersAsync(Tenant, epoch)).Holders;

    private static KeyRingState Ring(long epoch, byte publicKey = 1) => new()
    {
        Epoch = epoch,
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

using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>The scripts of idempotency keys, on both kinds of store.</summary>
public class IdempotencyStoreTests
{
    private const string Name = "idempotency:tenant:acme:ep:POST /orders:k1";
    private static readonly TimeSpan Retention = TimeSpan.FromHours(1);

    private static readonly StoredResponse Created = new()
    {
        Status = 201,
        Headers = new Dictionary<string, string> { ["Location"] = "/orders/7" },
        Body = [0, 255, 10],
    };

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Key_IsClaimedOnce_AndItsAnswerIsGivenAgain(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);

        var claims = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => keys.BeginAsync(Name, Call($"o{i}"), Retention)));
        var epoch = Assert.Single(claims, claim => claim.Epoch is not null).Epoch!.Value;
        Assert.All(claims, claim => Assert.True(claim.Epoch is not null || claim.Stored!.State is KeyState.InProgress));
        Assert.Equal(StepOutcome.Done, await keys.EndAsync(Name, epoch, KeyState.Completed, Created, Retention));
        Assert.Equal(StepOutcome.Done, await keys.EndAsync(Name, epoch, KeyState.Completed, Created, Retention));

        var stored = (await keys.BeginAsync(Name, Call("later"), Retention)).Stored;
        Assert.Equal((KeyState.Completed, 1L, "f"), (stored!.State, stored.Epoch, stored.Fingerprint));
        Assert.Equal((201, "/orders/7"), (stored.Response!.Status, stored.Response.Headers["Location"]));
        Assert.Equal(Created.Body, stored.Response.Body);
        Assert.Equal(StepOutcome.Stale, await keys.EndAsync(Name, epoch, KeyState.Released, Created, Retention));
        Assert.InRange(await LeftAsync(store), Retention, Retention + Call("o").Lease);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Keys_ThatAreClaimedTogether_EachGetTheirOwnAnswer(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);
        await AssertEachIsAnsweredAsync(keys);
        await AssertWhatIsNoKeyHarmsNoOtherAsync(keys, store.Admin);
    }

    [Fact]
    public async Task Keys_ThatAreClaimedTogether_MayLieOnDifferentServers()
    {
        await using var cluster = await RedisServer.StartClusterAsync();
        await using var connection = await cluster.ConnectAsync();
        var redis = new RedisConnection(connection, Guards.New(Grains.Resilience.GuardedStores.Data), Guards.Metrics);

        var keys = new RedisIdempotencyStore(
            redis, new NoStoreCommit(), Options.Create(new IdempotencyOptions()), TimeProvider.System);
        await AssertEachIsAnsweredAsync(keys);
        await AssertWhatIsNoKeyHarmsNoOtherAsync(keys, redis.Database);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Claim_WhoseAnswerWasLost_IsKnownAgain_OrGivenBack(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);

        var first = await keys.BeginAsync(Name, Call("mine"), Retention);
        var again = await keys.BeginAsync(Name, Call("mine"), Retention);
        Assert.Equal((1L, 1L), (first.Epoch!.Value, again.Epoch!.Value));
        Assert.Equal(StepOutcome.Stale, await keys.ReleaseAsync(Name, "other", Retention));
        Assert.Equal(StepOutcome.Done, await keys.ReleaseAsync(Name, "mine", Retention));

        Assert.Equal(2, (await keys.BeginAsync(Name, Call("next", "other request"), Retention)).Epoch);
        Assert.Equal(StepOutcome.Stale, await keys.EndAsync(Name, 1, KeyState.Completed, Created, Retention));
        Assert.Equal(StepOutcome.Absent, await keys.ReleaseAsync("idempotency:none", "mine", Retention));
        Assert.Null(await keys.ReadAsync("idempotency:none"));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Claim_ThatWasAbandoned_IsTakenOverOnlyToRetry_AndItsOwnerIsRefused(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);
        var paused = await keys.BeginAsync(Name, Call("paused") with { Lease = TimeSpan.Zero }, Retention);

        var held = await keys.BeginAsync(Name, Call("held"), Retention);
        var other = await keys.BeginAsync(Name, Retry("other", "another request"), Retention);
        var next = await keys.BeginAsync(Name, Retry("next"), Retention);

        Assert.True(held.Stored!.LeaseLeft <= TimeSpan.Zero);
        Assert.Equal("f", other.Stored!.Fingerprint);
        Assert.Equal(2, next.Epoch);
        Assert.Equal(StepOutcome.Stale, await keys.EndAsync(Name, paused.Epoch!.Value, KeyState.Completed, Created, Retention));
        Assert.Equal(StepOutcome.Stale, await keys.RenewAsync(Name, paused.Epoch.Value, TimeSpan.FromSeconds(5), Retention));
        Assert.Equal(StepOutcome.Done, await keys.RenewAsync(Name, 2, TimeSpan.FromMinutes(5), Retention));
        Assert.True((await keys.ReadAsync(Name))!.LeaseLeft > TimeSpan.FromMinutes(4));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Outcome_ThatIsUnknown_IsResolvedByWhoeverBegan(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);
        await keys.BeginAsync(Name, Call("o"), Retention);

        await keys.EndAsync(Name, 1, KeyState.Unknown, Created with { Status = 500, Body = [] }, Retention);
        Assert.Equal(KeyState.Unknown, (await keys.BeginAsync(Name, Call("again"), Retention)).Stored!.State);
        Assert.Equal(StepOutcome.Done, await keys.EndAsync(Name, 1, KeyState.Completed, Created, Retention));

        Assert.Equal(KeyState.Completed, (await keys.ReadAsync(Name))!.State);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Claim_KeepsItsKeyForAsLongAsItLasts_AndTheRetentionAfterThat(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var keys = New(store);
        var (hour, minute) = (TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));

        // As long as a lease may be, and as short as a retention.
        await keys.BeginAsync(Name, Call("o") with { Lease = hour }, minute);
        Assert.InRange(await LeftAsync(store), hour, hour + minute);
        await keys.RenewAsync(Name, 1, 2 * hour, minute);
        Assert.InRange(await LeftAsync(store), 2 * hour, (2 * hour) + minute);
        await keys.EndAsync(Name, 1, KeyState.Unknown, Created, minute);
        var next = await keys.BeginAsync(Name, Retry("next") with { Lease = 3 * hour }, minute);

        Assert.Equal(2, next.Epoch);
        Assert.InRange(await LeftAsync(store), 3 * hour, (3 * hour) + minute);
    }

    /// <summary>New keys, and among them one that was done and one that is another request's.</summary>
    private static async Task AssertEachIsAnsweredAsync(RedisIdempotencyStore keys)
    {
        await keys.BeginAsync($"{Name}-40", Call("o"), Retention);
        await keys.EndAsync($"{Name}-40", 1, KeyState.Completed, Created, Retention);
        await keys.BeginAsync($"{Name}-41", Call("o", "other request"), Retention);

        var begun = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => keys.BeginAsync($"{Name}-{i}", Call($"o{i}"), Retention)));

        Assert.Equal([40, 41], Enumerable.Range(0, 200).Where(i => begun[i].Epoch != 1));
        Assert.Equal((KeyState.Completed, 201), (begun[40].Stored!.State, begun[40].Stored!.Response!.Status));
        Assert.Equal((KeyState.InProgress, "other request"), (begun[41].Stored!.State, begun[41].Stored!.Fingerprint));
    }

    /// <summary>The store answers one of them with an error.</summary>
    private static async Task AssertWhatIsNoKeyHarmsNoOtherAsync(RedisIdempotencyStore keys, StackExchange.Redis.IDatabase admin)
    {
        await admin.StringSetAsync($"{Name}-1005", "no hash");

        var begun = Enumerable.Range(1000, 100).Select(i => keys.BeginAsync($"{Name}-{i}", Call($"o{i}"), Retention)).ToList();
        var others = await Task.WhenAll(begun.Where((_, i) => i != 5));

        Assert.All(others, other => Assert.Equal(1, other.Epoch));
        await Assert.ThrowsAsync<StackExchange.Redis.RedisServerException>(() => begun[5]);
    }

    private static async Task<TimeSpan> LeftAsync(Store store) =>
        (await store.Admin.KeyTimeToLiveAsync(Name))!.Value;

    private static RedisIdempotencyStore New(Store store) =>
        new(store.Redis, new NoStoreCommit(), Options.Create(new IdempotencyOptions()), TimeProvider.System);

    private static BeginCall Retry(string owner, string fingerprint = "f") =>
        Call(owner, fingerprint) with { Abandoned = AbandonedPolicy.Retry };

    private static BeginCall Call(string owner, string fingerprint = "f") => new()
    {
        Owner = owner,
        Fingerprint = fingerprint,
        Lease = TimeSpan.FromSeconds(60),
        Abandoned = AbandonedPolicy.Hold,
    };
}

using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using static Gatehouse.Chaos.Tests.Idempotency.Layouts;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>What each mode of the older layout reads and writes, on both kinds of store.</summary>
public class LegacyLayoutTests
{
    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task ReadBoth_ClaimsUnderBothNames_AndMovesBothOn(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var both = SiloOf(store, LegacyLayout.ReadBoth);

        Assert.Equal(1, (await both.BeginAsync(New("k"), Call("o"), Retention)).Epoch);
        foreach (var name in new[] { New("k"), Old("k") })
        {
            Assert.Equal("in_progress", await store.FieldAsync(name, "state"));
            Assert.InRange(await store.LeftAsync(name), Retention, Retention + Lease);
        }

        Assert.Equal(("acme", "POST /orders"), (
            await store.FieldAsync(Old("k"), "tenant"), await store.FieldAsync(Old("k"), "endpoint")));
        Assert.Null(await store.FieldAsync(New("k"), "tenant"));
        await both.RenewAsync(New("k"), 1, 2 * Lease, Retention);
        Assert.Equal(await store.FieldAsync(New("k"), "lease"), await store.FieldAsync(Old("k"), "lease"));
        await both.CompleteAsync(New("k"), 1);

        Assert.Equal("done", await store.FieldAsync(New("k"), "body"));
        Assert.Equal("done", await store.FieldAsync(Old("k"), "body"));
        var again = await both.BeginAsync(New("k"), Call("again"), Retention);
        Assert.Equal((KeyState.Completed, false), (again.Stored!.State, again.IsLegacy));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task WriteOld_ClaimsUnderTheOldName_AndUnderTheNewOneWhereThatIsTaken(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var old = SiloOf(store, LegacyLayout.WriteOld);

        Assert.Equal(1, (await old.BeginAsync(New("k"), Call("o"), Retention)).Epoch);
        Assert.Equal(1, (await old.BeginAsync(New("k", "beta"), Call("o"), Retention)).Epoch);
        Assert.Equal(1, (await old.BeginAsync(New("k", "acme", "POST /refunds"), Call("o"), Retention)).Epoch);

        Assert.Equal("acme", await store.FieldAsync(Old("k"), "tenant"));
        Assert.InRange(await store.LeftAsync(Old("k")), Retention, Retention + Lease);
        Assert.Equal("", await store.DumpAsync(New("k")));
        Assert.Equal("in_progress", await store.FieldAsync(New("k", "beta"), "state"));
        Assert.Equal("in_progress", await store.FieldAsync(New("k", "acme", "POST /refunds"), "state"));
        Assert.Equal(StepOutcome.Done, await old.CompleteAsync(New("k"), 1, "acme's"));
        Assert.Equal(StepOutcome.Done, await old.CompleteAsync(New("k", "beta"), 1, "beta's"));
        Assert.Equal("acme's", Body((await old.BeginAsync(New("k"), Call("again"), Retention)).Stored));
        Assert.Equal("beta's", Body((await old.BeginAsync(New("k", "beta"), Call("again"), Retention)).Stored));
        Assert.Equal("", await store.DumpAsync(New("k")));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task ReadBoth_OfARecordThatOnlyTheOldNameHas_BringsItOver_AndSaysSoOnce(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var (both, off) = (SiloOf(store, LegacyLayout.ReadBoth), SiloOf(store, LegacyLayout.Off));
        await store.PutOldAsync("k", "acme", "POST /orders");

        // Another request's fingerprint is compared by whoever reads this.
        var other = await both.BeginAsync(New("k"), Call("o", "other"), Retention);
        var again = await both.BeginAsync(New("k"), Call("o"), Retention);
        var alone = await off.BeginAsync(New("k"), Call("o"), Retention);

        Assert.Equal((KeyState.Completed, "f", true), (other.Stored!.State, other.Stored.Fingerprint, other.IsLegacy));
        Assert.Equal((KeyState.Completed, 7, "a secret", false), (
            again.Stored!.State, again.Stored.Epoch, Body(again.Stored), again.IsLegacy));
        Assert.Equal((7, "a secret"), (alone.Stored!.Epoch, Body(alone.Stored)));
        Assert.InRange(await store.LeftAsync(New("k")), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task WriteOld_OfARecordThatOnlyTheOldNameHas_SaysSoAndLeavesItThere(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var old = SiloOf(store, LegacyLayout.WriteOld);
        await old.BeginAsync(New("k"), Call("o"), Retention);

        foreach (var owner in new[] { "o", "other" })
        {
            Assert.True((await old.BeginAsync(New("k"), Call(owner), Retention)).IsLegacy);
        }

        Assert.Equal(KeyState.InProgress, (await old.ReadAsync(New("k")))!.State);
        Assert.Equal("", await store.DumpAsync(New("k")));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task ReadBoth_StepOfAClaimThatOnlyTheOldNameHas_BringsItOver(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var (both, off) = (SiloOf(store, LegacyLayout.ReadBoth), SiloOf(store, LegacyLayout.Off));
        await SiloOf(store, LegacyLayout.WriteOld).BeginAsync(New("k"), Call("o"), Retention);

        // Nobody begins again before the older layout is switched off; its owner is heard of all the same.
        Assert.Equal(StepOutcome.Done, await both.RenewAsync(New("k"), 1, 2 * Lease, Retention));
        Assert.Equal(KeyState.InProgress, (await off.BeginAsync(New("k"), Call("other"), Retention)).Stored!.State);
        Assert.Equal(StepOutcome.Done, await both.CompleteAsync(New("k"), 1));

        Assert.Equal("done", Body((await off.BeginAsync(New("k"), Call("other"), Retention)).Stored));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Off_LooksAtTheNewNameOnly(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var off = SiloOf(store, LegacyLayout.Off);
        await store.PutOldAsync("k", "acme", "POST /orders");
        var before = await store.DumpAsync(Old("k"));

        Assert.Equal(1, (await off.BeginAsync(New("k"), Call("o"), Retention)).Epoch);
        Assert.Equal(1, (await off.BeginAsync(New("free"), Call("o"), Retention)).Epoch);
        Assert.Equal(StepOutcome.Done, await off.CompleteAsync(New("k"), 1));

        Assert.Equal(before, await store.DumpAsync(Old("k")));
        Assert.Equal("", await store.DumpAsync(Old("free")));
    }

    [Fact]
    public async Task Cluster_IsRefusedByTheNameOfTheSetting_AndFineWithoutIt()
    {
        await using var cluster = await RedisServer.StartClusterAsync();
        await using var connection = await cluster.ConnectAsync();
        var redis = new Grains.Storage.RedisConnection(
            connection, Guards.New(Grains.Resilience.GuardedStores.Data), Guards.Metrics);

        foreach (var layout in new[] { LegacyLayout.ReadBoth, LegacyLayout.WriteOld })
        {
            var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
                () => SiloOf(redis, layout).BeginAsync(New("k"), Call("o"), Retention));
            Assert.StartsWith("Gatehouse:Idempotency:LegacyLayout must be Off", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, (await SiloOf(redis, LegacyLayout.Off).BeginAsync(New("k"), Call("o"), Retention)).Epoch);
    }
}

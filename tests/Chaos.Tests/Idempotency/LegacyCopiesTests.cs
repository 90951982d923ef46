using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using static Gatehouse.Chaos.Tests.Idempotency.Layouts;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>Two records of one key that differ, as silos of different modes leave them: which one counts.</summary>
public class LegacyCopiesTests
{
    [Theory]
    [MemberData(nameof(LegacyLeakTests.Modes), MemberType = typeof(LegacyLeakTests))]
    public async Task OfOneClaim_TheOneThatHasEndedCounts(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        await SiloOf(store, LegacyLayout.ReadBoth).BeginAsync(New("k"), Call("o"), Retention);
        await SiloOf(store, LegacyLayout.Off).CompleteAsync(New("k"), 1, "first");

        Assert.Equal("in_progress", await store.FieldAsync(Old("k"), "state"));
        var begun = await silo.BeginAsync(New("k"), Call("other"), Retention);
        Assert.Equal((KeyState.Completed, "first", false), (begun.Stored!.State, Body(begun.Stored), begun.IsLegacy));
        // The one that is behind does not let its claim end a second time, in another way.
        Assert.Equal(StepOutcome.Stale, await silo.GiveBackAsync(New("k"), 1));
        Assert.Equal(StepOutcome.Stale, await silo.ReleaseAsync(New("k"), "o", Retention));
        Assert.Equal(StepOutcome.Stale, await silo.RenewAsync(New("k"), 1, Lease, Retention));
        Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New("k"), 1, "second"));

        foreach (var name in new[] { New("k"), Old("k") })
        {
            Assert.Equal(("completed", "first"), (await store.FieldAsync(name, "state"), await store.FieldAsync(name, "body")));
        }
    }

    [Theory]
    [MemberData(nameof(LegacyLeakTests.Modes), MemberType = typeof(LegacyLeakTests))]
    public async Task OfOneClaim_TheOldOneCountsToo_IfItAloneHasEnded(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        await SiloOf(store, LegacyLayout.ReadBoth).BeginAsync(New("k"), Call("o"), Retention);
        // A program that knows the older layout only.
        await store.Admin.HashSetAsync(
            Old("k"), [new("state", "completed"), new("status", 201), new("headers", "{}"), new("body", "first")]);

        var begun = await silo.BeginAsync(New("k"), Call("other"), Retention);
        Assert.Equal((KeyState.Completed, "first", true), (begun.Stored!.State, Body(begun.Stored), begun.IsLegacy));
        Assert.Equal(StepOutcome.Stale, await silo.GiveBackAsync(New("k"), 1));

        Assert.Equal("first", Body(await SiloOf(store, LegacyLayout.Off).ReadAsync(New("k"))));
    }

    [Theory]
    [MemberData(nameof(LegacyLeakTests.Modes), MemberType = typeof(LegacyLeakTests))]
    public async Task OfTwoClaims_TheLaterOneCounts_AndTheOwnerOfTheOtherIsRefused(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var (silo, off) = (SiloOf(store, Enum.Parse<LegacyLayout>(mode)), SiloOf(store, LegacyLayout.Off));
        await SiloOf(store, LegacyLayout.ReadBoth).BeginAsync(New("k"), Call("first"), Retention);
        await off.GiveBackAsync(New("k"), 1);
        Assert.Equal(2, (await off.BeginAsync(New("k"), Call("second", "other"), Retention)).Epoch);

        Assert.Equal("1", await store.FieldAsync(Old("k"), "epoch"));
        var begun = await silo.BeginAsync(New("k"), Call("third"), Retention);
        Assert.Equal((KeyState.InProgress, 2, "other"), (begun.Stored!.State, begun.Stored.Epoch, begun.Stored.Fingerprint));
        Assert.Equal(StepOutcome.Stale, await silo.CompleteAsync(New("k"), 1));
        Assert.Equal(StepOutcome.Stale, await silo.ReleaseAsync(New("k"), "first", Retention));
        Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New("k"), 2, "second's"));

        Assert.Equal("second's", Body((await off.BeginAsync(New("k"), Call("fourth"), Retention)).Stored));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task OfTwoClaims_TheOldOneIsBroughtOverTheNewOne_IfItIsTheLater(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var (off, both, old) = (
            SiloOf(store, LegacyLayout.Off), SiloOf(store, LegacyLayout.ReadBoth), SiloOf(store, LegacyLayout.WriteOld));
        await off.BeginAsync(New("k"), Call("first"), Retention);
        await off.GiveBackAsync(New("k"), 1);
        Assert.Equal(2, (await old.BeginAsync(New("k"), Call("second"), Retention)).Epoch);
        Assert.Equal("released", await store.FieldAsync(New("k"), "state"));

        Assert.True((await both.BeginAsync(New("k"), Call("third"), Retention)).IsLegacy);
        var seen = await off.BeginAsync(New("k"), Call("fourth"), Retention);
        await old.CompleteAsync(New("k"), 2, "second's");

        Assert.Equal((KeyState.InProgress, 2), (seen.Stored!.State, seen.Stored.Epoch));
        Assert.Equal("second's", Body((await off.BeginAsync(New("k"), Call("fifth"), Retention)).Stored));
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Record_ThatIsBehind_IsNotKnownForLongerThanTheOther(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var (off, both) = (SiloOf(store, LegacyLayout.Off), SiloOf(store, LegacyLayout.ReadBoth));
        var minute = TimeSpan.FromMinutes(1);
        var longCall = Call("o") with { Lease = TimeSpan.FromHours(1) };
        await both.BeginAsync(New("done"), longCall, minute);
        await both.BeginAsync(New("again"), longCall, minute);

        // Were the new name gone first, the claim that the other still has would count.
        await off.EndAsync(New("done"), 1, KeyState.Completed, Answer("x"), minute);
        await off.EndAsync(New("again"), 1, KeyState.Released, Answer(""), minute);
        await off.BeginAsync(New("again"), Call("next") with { Lease = TimeSpan.FromSeconds(1) }, minute);
        await off.RenewAsync(New("again"), 2, TimeSpan.FromSeconds(1), minute);

        foreach (var key in new[] { "done", "again" })
        {
            var (current, old) = (
                await store.Admin.KeyExpireTimeAsync(New(key)), await store.Admin.KeyExpireTimeAsync(Old(key)));
            Assert.True(current >= old, $"{key}: {current:O}, {old:O}");
        }
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Claim_ThatOnlyTheOldNameHas_IsTakenOverUnderBoth(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var (both, old) = (SiloOf(store, LegacyLayout.ReadBoth), SiloOf(store, LegacyLayout.WriteOld));
        await old.BeginAsync(New("k"), Call("paused") with { Lease = TimeSpan.Zero }, Retention);

        var held = await both.BeginAsync(New("k"), Call("held"), Retention);
        var next = await both.BeginAsync(New("k"), Call("next") with { Abandoned = AbandonedPolicy.Retry }, Retention);

        Assert.True(held.IsLegacy && held.Stored!.LeaseLeft <= TimeSpan.Zero);
        Assert.Equal(2, next.Epoch);
        Assert.Equal(("2", "2"), (await store.FieldAsync(New("k"), "epoch"), await store.FieldAsync(Old("k"), "epoch")));
        Assert.Equal(StepOutcome.Stale, await old.CompleteAsync(New("k"), 1));
    }
}

using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using static Gatehouse.Chaos.Tests.Idempotency.Layouts;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>Tenants share the names of the older layout, and nothing else.</summary>
public class LegacyLeakTests
{
    public static MatrixTheoryData<string, string> Modes { get; } =
        new(Store.Kinds.Select(row => row.Data), [nameof(LegacyLayout.ReadBoth), nameof(LegacyLayout.WriteOld)]);

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Record_OfSomebodyElse_IsNotSeenAndNotTouched(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        await store.PutOldAsync("no mark");
        await store.PutOldAsync("tenant", "beta", "POST /orders");
        await store.PutOldAsync("endpoint", "acme", "POST /refunds");
        await store.PutOldAsync("case", "Acme", "POST /orders");
        await store.PutOldAsync("half", "acme", "");
        foreach (var key in new[] { "no mark", "tenant", "endpoint", "case", "half" })
        {
            var before = await store.DumpAsync(Old(key));

            Assert.Null(await silo.ReadAsync(New(key)));
            // Neither by its epoch nor by its owner.
            Assert.Equal(StepOutcome.Absent, await silo.CompleteAsync(New(key), 7));
            Assert.Equal(StepOutcome.Absent, await silo.ReleaseAsync(New(key), "theirs", Retention));
            Assert.Equal(new Begun(1, null), await silo.BeginAsync(New(key), Call("theirs"), Retention));
            Assert.Equal(StepOutcome.Stale, await silo.CompleteAsync(New(key), 7));
            Assert.Equal(StepOutcome.Done, await silo.RenewAsync(New(key), 1, Lease, Retention));
            Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New(key), 1, "mine"));
            Assert.Equal("mine", Body((await silo.BeginAsync(New(key), Call("again"), Retention)).Stored));

            Assert.Equal(before, await store.DumpAsync(Old(key)));
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Record_ThatIsNoHash_IsSomebodyElses(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        await store.Admin.StringSetAsync(Old("k"), "of another program", TimeSpan.FromMinutes(10));

        Assert.Equal(new Begun(1, null), await silo.BeginAsync(New("k"), Call("o"), Retention));
        Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New("k"), 1));
        Assert.Equal(KeyState.Completed, (await silo.ReadAsync(New("k")))!.State);

        Assert.Equal("of another program", await store.Admin.StringGetAsync(Old("k")));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Key_ThatWouldReachAnothersNewName_HasNoOldOne(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        // idempotency: before it makes it the name of acme's key.
        const string Forged = "tenant:acme:ep:POST /orders:k";
        Assert.Equal(New("k"), Old(Forged));

        // To sit on it before acme comes, and to read or end what acme has.
        Assert.Equal(1, (await silo.BeginAsync(New(Forged, "beta"), Call("b"), Retention)).Epoch);
        Assert.Equal("", await store.DumpAsync(New("k")));
        await SiloOf(store, LegacyLayout.Off).BeginAsync(New("k"), Call("a"), Retention);
        var before = await store.DumpAsync(New("k"));
        Assert.Equal(KeyState.InProgress, (await silo.BeginAsync(New(Forged, "beta"), Call("a"), Retention)).Stored!.State);
        Assert.Equal(StepOutcome.Stale, await silo.ReleaseAsync(New(Forged, "beta"), "a", Retention));
        Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New(Forged, "beta"), 1));

        Assert.Equal(before, await store.DumpAsync(New("k")));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Name_ThatSomebodyElseHad_IsFreeWhenThatRecordIsGone(string kind, string mode)
    {
        await using var store = await Store.StartAsync(kind);
        var silo = SiloOf(store, Enum.Parse<LegacyLayout>(mode));
        await store.PutOldAsync("k", "beta", "POST /orders");
        await silo.BeginAsync(New("k"), Call("o"), Retention);
        await store.Admin.KeyDeleteAsync(Old("k"));

        Assert.Equal(KeyState.InProgress, (await silo.BeginAsync(New("k"), Call("other"), Retention)).Stored!.State);
        Assert.Equal(StepOutcome.Done, await silo.GiveBackAsync(New("k"), 1));
        Assert.Equal(2, (await silo.BeginAsync(New("k"), Call("next"), Retention)).Epoch);

        Assert.Equal("2", await store.FieldAsync(Old("k"), "epoch"));
        Assert.Equal(StepOutcome.Stale, await silo.CompleteAsync(New("k"), 1));
        Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(New("k"), 2));
    }
}

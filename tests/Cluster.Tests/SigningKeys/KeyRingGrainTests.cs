using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Gatehouse.Cluster.Tests.SigningKeys;

/// <summary>The grain of a ring, and the signers of several silos with it.</summary>
public class KeyRingGrainTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Sign_ForTheFirstTimeOnManySilosAtOnce_MakesOneKey()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 4);
        var tenant = GatehouseCluster.NewName();

        var signed = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? cluster.SignaturesOf(i % 4).SignAsync(tenant, null, [[1]]).AsTask()
            : cluster.Grains.Signer(tenant, i).SignAsync(null, [[1]])));

        var version = Assert.Single(cluster.RingOf(tenant).Versions);
        var verifier = SignatureAlgorithm.Es256.ImportPublic(version.PublicKey);
        Assert.All(signed, result => Assert.Equal((SignOutcome.Done, 1), (result.Outcome, result.Number)));
        Assert.All(signed, result => Assert.True(verifier.Verify([1], result.Signatures[0])));
    }

    [Fact]
    public async Task Rotate_PromotesByItselfAfterTheWindow()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 2);
        var tenant = await cluster.RingAsync();

        var rotated = await cluster.Grains.KeyRing(tenant).RotateAsync("Ed25519", Precondition.Unconditional);
        var again = await cluster.Grains.KeyRing(tenant).RotateAsync(null, Precondition.Unconditional);
        await cluster.AdvanceAsync(Window - TimeSpan.FromSeconds(1));
        var before = await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]]);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(2));
        await cluster.UntilAsync(() => cluster.RingOf(tenant).Active?.Number == 2);
        var after = await cluster.SignaturesOf(1).SignAsync(tenant, null, [[1], [2]]);

        Assert.Equal((2, 2), (rotated.Number, again.Number));
        Assert.Equal((1, "ES256"), (before.Number, before.Algorithm));
        Assert.Equal((2, "Ed25519", 2), (after.Number, after.Algorithm, after.Signatures.Count));
    }

    [Fact]
    public async Task Rotate_ThenEverySiloRestarts_IsPromotedAllTheSame()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 2);
        var tenant = await cluster.RingAsync(rotated: true);
        await cluster.RestartAllAsync();
        await cluster.AdvanceAsync(Window);

        // Whatever touches the ring wakes it; else its reminder does.
        await cluster.Grains.KeyRing(tenant).GetAsync(null);
        await cluster.DriveUntilAsync(() => cluster.RingOf(tenant).Active?.Number == 2);
    }

    [Fact]
    public async Task Rotate_LeavesAReminderUntilItIsPromoted()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        Assert.Single(await RemindersAsync(cluster, tenant));

        await cluster.AdvanceAsync(Window + TimeSpan.FromSeconds(1));
        await RemindAsync(cluster, tenant);

        Assert.Equal(2, cluster.RingOf(tenant).Active!.Number);
        Assert.Empty(await RemindersAsync(cluster, tenant));
    }

    [Fact]
    public async Task Schedule_RotatesAKeyThatIsOldEnough()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        cluster.Keys = options => (options.Kek, options.RotationPeriod) = (GatehouseCluster.Kek, TimeSpan.FromDays(90));
        await cluster.RestartAllAsync();
        var tenant = await cluster.RingAsync();

        // Nobody uses the ring but those who sign, and they wake no grain.
        await cluster.AdvanceAsync(TimeSpan.FromDays(90) - TimeSpan.FromHours(1));
        await SweepAsync(cluster);
        var early = cluster.RingOf(tenant).Versions.Count;
        await cluster.AdvanceAsync(TimeSpan.FromHours(1));
        await SweepAsync(cluster);

        Assert.Equal((1, KeyStatus.Pending), (early, cluster.RingOf(tenant).Find(2)!.Status));
        Assert.Single(await RemindersAsync(cluster, tenant));
    }

    [Fact]
    public async Task Watch_LeavesAReminderThatLooksAtAllRings()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        await cluster.Cluster.DeactivateAsync(cluster.Grains.KeyRing(tenant));
        await cluster.AdvanceAsync(Window);

        await cluster.Grains.KeyRings("local").WatchAsync();

        await cluster.UntilAsync(() => cluster.RingOf(tenant).Active!.Number == 2);
        Assert.Single((await cluster.Service<IReminderTable>().ReadRows(
            cluster.Grains.KeyRings("local").GetGrainId())).Reminders);
    }

    [Fact]
    public async Task Pending_ThatTheConfigurationRevokes_IsNotPromoted()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var plain = cluster.Keys;
        cluster.Keys = options =>
        {
            plain(options);
            options.RevokedVersions.Add("v2");
        };
        await cluster.RestartAllAsync();
        await cluster.AdvanceAsync(Window + Window);

        var forced = await cluster.Grains.KeyRing(tenant).PromoteAsync(2, isForced: true, Precondition.Unconditional);
        await RemindAsync(cluster, tenant);

        Assert.Equal(KeyRingOutcome.WrongStatus, forced.Outcome);
        Assert.Equal(1, (await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]])).Number);
    }

    [Fact]
    public async Task Configuration_RevokesAndIsNotStored()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        var plain = cluster.Keys;
        cluster.Keys = options =>
        {
            plain(options);
            options.RevokedVersions.Add($"{tenant}:v1");
        };
        await cluster.RestartAllAsync();

        var refused = await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]]);
        var ring = await cluster.Grains.KeyRing(tenant).GetAsync(null);
        cluster.Keys = plain;
        await cluster.RestartAllAsync();

        Assert.Equal((SignOutcome.Revoked, KeyStatus.Revoked), (refused.Outcome, ring!.Find(1)!.Status));
        Assert.Equal(SignOutcome.Done, (await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]])).Outcome);
    }

    [Fact]
    public async Task Change_ThatSomebodyElseWasQuickerWith_IsDecidedAnew()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var other = KeyRing.Revoke(cluster.RingOf(tenant), 2, "by another", cluster.Time.GetUtcNow()).Next;
        cluster.Rings.BeforeReplace = () => cluster.Rings.Restore(
            tenant, System.Text.Json.JsonSerializer.Serialize(other));

        var change = await cluster.Grains.KeyRing(tenant).PromoteAsync(2, isForced: true, Precondition.Unconditional);

        Assert.Equal(KeyRingOutcome.WrongStatus, change.Outcome);
        Assert.Equal(other.Epoch, cluster.RingOf(tenant).Epoch);
    }

    [Fact]
    public async Task Change_WhoseAnswerWasLost_SaysSoAndIsFoundByTheNextCall()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        cluster.Rings.LosesAnswers = true;

        var lost = await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => cluster.Grains.KeyRing(tenant).RotateAsync(null, Precondition.Unconditional));
        cluster.Rings.LosesAnswers = false;
        var again = await cluster.Grains.KeyRing(tenant).RotateAsync(null, Precondition.Unconditional);

        Assert.Equal(Applied.Unknown, lost.Applied);
        Assert.Equal((2, 2), (again.Number, again.Ring.Versions.Count));
    }

    [Fact]
    public async Task RotateNow_WithTheEntityTagOfBefore_IsDoneOnce()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        var before = await cluster.Grains.KeyRing(tenant).GetAsync(null);
        var once = new Precondition([before!.ETag], IfAbsent: false);

        var first = await cluster.DriveAsync(cluster.Grains.KeyRing(tenant).RotateNowAsync(null, "leaked", once));
        var second = await cluster.DriveAsync(cluster.Grains.KeyRing(tenant).RotateNowAsync(null, "leaked", once));

        Assert.Equal((KeyRingOutcome.Done, KeyRingOutcome.PreconditionFailed), (first.Outcome, second.Outcome));
        Assert.Equal([KeyStatus.Revoked, KeyStatus.Active], second.Ring.Versions.Select(version => version.Status));
    }

    [Fact]
    public async Task Rewrap_AfterAChangeOfTheKek_NeedsTheOldOneNoMore()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var (one, other) = (await cluster.RingAsync(), await cluster.RingAsync(rotated: true));
        const string Fresh = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
        cluster.Keys = options => (options.Kek, options.PreviousKek) = (Fresh, GatehouseCluster.Kek);
        await cluster.RestartAllAsync();

        var first = await cluster.Grains.KeyRings("local").RewrapAsync(1);
        var second = await cluster.Grains.KeyRings("local").RewrapAsync(10);
        cluster.Keys = options => options.Kek = Fresh;
        await cluster.RestartAllAsync();

        Assert.Equal((1, 1, 1, 0), (first.Rewrapped, first.Remaining, second.Rewrapped, second.Remaining));
        foreach (var tenant in new[] { one, other })
        {
            Assert.Equal(SignOutcome.Done, (await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]])).Outcome);
        }
    }

    [Fact]
    public async Task Kek_ThatDoesNotOpenTheRing_SignsNothingAndChangesNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        cluster.Keys = options => options.Kek = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
        await cluster.RestartAllAsync();

        var refused = await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]]);
        var report = await cluster.Grains.KeyRings("local").RewrapAsync(10);
        using var check = ActivatorUtilities.CreateInstance<KekCheck>(
            cluster.Cluster.GetSiloServiceProvider(cluster.Cluster.Silos[0].SiloAddress));

        Assert.Equal(SignOutcome.Unreadable, refused.Outcome);
        Assert.Equal([tenant], report.Unreadable);
        Assert.Equal((0, 1), (report.Rewrapped, report.Remaining));
        var refusal = await Assert.ThrowsAsync<System.ComponentModel.DataAnnotations.ValidationException>(
            () => check.StartAsync(CancellationToken.None));
        Assert.Contains("Gatehouse:SigningKeys:Kek", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(tenant, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Envelope_OfAnotherTenantsKey_DoesNotOpen()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var (mine, other) = (await cluster.RingAsync(), await cluster.RingAsync());

        cluster.Rings.Restore(other, cluster.Rings.Backup(mine));

        Assert.Equal(SignOutcome.Unreadable, (await cluster.SignaturesOf(0).SignAsync(other, null, [[1]])).Outcome);
        Assert.Equal(SignOutcome.Done, (await cluster.SignaturesOf(0).SignAsync(mine, null, [[1]])).Outcome);
    }

    [Theory]
    [InlineData(1, SignOutcome.NotActive)]
    [InlineData(2, SignOutcome.Done)]
    [InlineData(3, SignOutcome.NotFound)]
    public async Task Sign_WithAVersionThatTheCallerNames_IsThatOneOrNone(int number, SignOutcome outcome)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        await cluster.Grains.KeyRing(tenant).PromoteAsync(2, isForced: true, Precondition.Unconditional);

        Assert.Equal(outcome, (await cluster.SignaturesOf(0).SignAsync(tenant, number, [[1]])).Outcome);
    }

    private static Task SweepAsync(GatehouseCluster cluster) =>
        cluster.Grains.KeyRings("local").AsReference<IRemindable>().ReceiveReminder("sweep", default);

    private static Task RemindAsync(GatehouseCluster cluster, string tenant) =>
        cluster.Grains.KeyRing(tenant).AsReference<IRemindable>().ReceiveReminder("upkeep", default);

    private static async Task<IList<ReminderEntry>> RemindersAsync(GatehouseCluster cluster, string tenant) =>
        (await cluster.Service<IReminderTable>().ReadRows(cluster.Grains.KeyRing(tenant).GetGrainId())).Reminders;
}

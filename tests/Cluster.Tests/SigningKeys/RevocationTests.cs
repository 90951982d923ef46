using System.Collections;
using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Cluster.Tests.SigningKeys;

/// <summary>A revoked key signs nothing more from the moment the revoke call returned, on any silo.</summary>
public class RevocationTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Revoke_Under64SignersOn4Silos_NoSignatureByItIsBegunAfterwards()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 4);
        var tenant = await cluster.RingAsync(rotated: true);
        cluster.Changes.HearsAfter = silo => silo == 3 ? null : TimeSpan.FromMilliseconds(20 * silo);
        var (clock, revokedAt, after) = (0L, long.MaxValue, 0);
        var made = new ConcurrentBag<(long Began, int Version)>();
        using var end = new CancellationTokenSource();
        var signers = Enumerable.Range(0, 64).Select(async i =>
        {
            var signatures = cluster.SignaturesOf(i % 4);
            while (!end.IsCancellationRequested)
            {
                var began = Interlocked.Increment(ref clock);
                made.Add((began, (await signatures.SignAsync(tenant, null, [[1]])).Number));
                Interlocked.Add(ref after, began > Volatile.Read(ref revokedAt) ? 1 : 0);
                await Task.Yield();
            }
        }).ToList();
        await cluster.UntilAsync(() => made.Count > 2_000);

        var revoked = await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));
        Volatile.Write(ref revokedAt, Interlocked.Increment(ref clock));
        await cluster.UntilAsync(() => Volatile.Read(ref after) > 2_000);
        await end.CancelAsync();
        await Task.WhenAll(signers);

        Assert.Equal(KeyRingOutcome.Done, revoked.Outcome);
        Assert.Contains(made, signature => signature.Version == 1);
        Assert.DoesNotContain(made, signature => signature.Version == 1 && signature.Began > revokedAt);
        Assert.All(made.Where(signature => signature.Began > revokedAt), signature => Assert.Equal(2, signature.Version));
    }

    [Fact]
    public async Task Revoke_WithASiloThatDoesNotHear_ReturnsWhenItsLeaseHasRunOut()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 2);
        var tenant = await cluster.RingAsync(rotated: true);
        var (hearing, deaf) = (cluster.SignaturesOf(0), cluster.SignaturesOf(1));
        await hearing.SignAsync(tenant, null, [[1]]);
        await deaf.SignAsync(tenant, null, [[1]]);
        cluster.Changes.Signers = [.. cluster.Changes.Signers.Where(signers => signers != deaf)];

        var revoking = cluster.RevokeAsync(tenant, 1);
        await cluster.UntilAsync(() => cluster.RingOf(tenant).Find(1)!.RevokedAt is not null);
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        var meanwhile = (await deaf.SignAsync(tenant, null, [[1]])).Number;
        var isWaiting = !revoking.IsCompleted;
        var began = cluster.Time.GetUtcNow();
        await cluster.DriveAsync(revoking);

        Assert.Equal((1, true), (meanwhile, isWaiting));
        Assert.InRange(cluster.Time.GetUtcNow() - began, Lease - TimeSpan.FromSeconds(1.1), Lease);
        Assert.Equal(2, (await deaf.SignAsync(tenant, null, [[1]])).Number);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Revoke_WhileNobodyCanKnowWhoHoldsALease_WaitsForTheLongest(bool isDown)
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        (cluster.Rings.IsForgetful, cluster.Rings.LosesHolders) = (!isDown, isDown);
        var began = cluster.Time.GetUtcNow();

        await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));

        Assert.True(cluster.Time.GetUtcNow() - began >= Lease);
    }

    [Fact]
    public async Task Revoke_SentAgain_WaitsAgain()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));
        cluster.Rings.IsForgetful = true;
        var began = cluster.Time.GetUtcNow();

        // Its answer may have been lost before the waiting had ended.
        var again = await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));

        Assert.Equal(KeyRingOutcome.Done, again.Outcome);
        Assert.True(cluster.Time.GetUtcNow() - began >= Lease);
    }

    [Fact]
    public async Task Revoke_TheOnlyKey_SignsNothingUntilThereIsANewOne()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 2);
        var tenant = await cluster.RingAsync();
        await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));

        var refused = await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]]);
        await cluster.DriveAsync(cluster.Grains.KeyRing(tenant).RotateNowAsync(null, "r", Precondition.Unconditional));
        var signed = await cluster.SignaturesOf(0).SignAsync(tenant, null, [[1]]);

        Assert.Equal((SignOutcome.Revoked, 1), (refused.Outcome, refused.Number));
        Assert.Equal((SignOutcome.Done, 2), (signed.Outcome, signed.Number));
    }

    [Fact]
    public async Task Lease_ThatCannotBeRenewed_SignsUntilItRunsOutAndNoLonger()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        var signatures = cluster.SignaturesOf(0);
        await signatures.SignAsync(tenant, null, [[1]]);
        cluster.Rings.IsDown = true;

        cluster.Time.Advance(Lease - TimeSpan.FromMilliseconds(1));
        var last = await signatures.SignAsync(tenant, null, [[1]]);
        cluster.Time.Advance(TimeSpan.FromMilliseconds(1));
        var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(
            async () => await signatures.SignAsync(tenant, null, [[1]]));

        Assert.Equal(SignOutcome.Done, last.Outcome);
        Assert.Equal(("redis_unavailable", Applied.No), (refusal.Reason, refusal.Applied));
        cluster.Rings.IsDown = false;
        Assert.Equal(SignOutcome.Done, (await signatures.SignAsync(tenant, null, [[1]])).Outcome);
    }

    [Fact]
    public async Task Lease_InUse_IsRenewedBehindTheCallersBack()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync();
        var signatures = cluster.SignaturesOf(0);
        await signatures.SignAsync(tenant, null, [[1]]);
        var leases = cluster.Rings.Leases;

        for (var second = 1; second <= 20; second++)
        {
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
            var signing = signatures.SignAsync(tenant, null, [[1]]).AsTask();
            Assert.True(signing.IsCompletedSuccessfully);
            await cluster.UntilAsync(() => cluster.Rings.Leases >= leases + (second / 3));
        }

        Assert.InRange(cluster.Rings.Leases - leases, 6, 8);
    }

    [Fact]
    public async Task Signature_BegunBeforeTheLeaseRanOutAndFinishedAfterwards_IsThrownAway()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var signatures = cluster.SignaturesOf(0);
        await signatures.SignAsync(tenant, null, [[1]]);
        var (revoked, _) = KeyRing.Revoke(cluster.RingOf(tenant), 1, "r", cluster.Time.GetUtcNow());

        // The thread is stopped in the middle of it, for longer than its lease, and hears nothing.
        var result = await signatures.SignAsync(tenant, null, new Stopping(() =>
        {
            cluster.Rings.Restore(tenant, JsonSerializer.Serialize(revoked));
            cluster.Time.Advance(Lease);
        }));

        Assert.Equal((SignOutcome.Done, 2), (result.Outcome, result.Number));
    }

    [Fact]
    public async Task Signature_BegunUnderALeaseThatWasExtendedSince_EndsWithIt()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var signatures = cluster.SignaturesOf(0);
        await signatures.SignAsync(tenant, null, [[1]]);

        // While it signs, the lease is extended, the ring is revoked and heard of, and the new lease's answer is lost.
        var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(
            async () => await signatures.SignAsync(tenant, null, new Stopping(() =>
            {
                cluster.Time.Advance(Lease / 2);
                signatures.SignAsync(tenant, null, [[1]]).AsTask().GetAwaiter().GetResult();
                SpinWait.SpinUntil(() => cluster.Rings.Leases >= 2, TimeSpan.FromSeconds(10));
                cluster.Rings.LosesLeases = true;
                cluster.Rings.Restore(tenant, JsonSerializer.Serialize(
                    KeyRing.Revoke(cluster.RingOf(tenant), 1, "r", cluster.Time.GetUtcNow()).Next));
                signatures.RingChanged(tenant, "another");
            })));

        Assert.Equal("redis_timeout", refusal.Reason);
    }

    [Fact]
    public async Task Revocation_ThatWasHeard_StopsASiloAtOnce_EvenIfItCannotReachTheStore()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var signatures = cluster.SignaturesOf(0);
        await signatures.SignAsync(tenant, null, [[1]]);
        cluster.Rings.IsDown = true;

        signatures.RingChanged(tenant, "another");

        await Assert.ThrowsAsync<ServiceOverloadedException>(
            async () => await signatures.SignAsync(tenant, null, [[1]]));
    }

    [Fact]
    public async Task Store_ThatFellBehind_SignsNothing()
    {
        await using var cluster = await GatehouseCluster.StartAsync(silos: 1);
        var tenant = await cluster.RingAsync(rotated: true);
        var backup = cluster.Rings.Backup(tenant);
        await cluster.DriveAsync(cluster.RevokeAsync(tenant, 1));
        var signatures = cluster.SignaturesOf(0);
        Assert.Equal(2, (await signatures.SignAsync(tenant, null, [[1]])).Number);
        var present = cluster.Rings.Backup(tenant);

        // As after a failover to a replica that had not heard of the revocation yet.
        cluster.Rings.Restore(tenant, backup);
        cluster.Time.Advance(Lease);
        var refusal = await Assert.ThrowsAsync<ServiceOverloadedException>(
            async () => await signatures.SignAsync(tenant, null, [[1]]));

        Assert.Equal("key_ring_behind", refusal.Reason);
        cluster.Rings.Restore(tenant, present);
        Assert.Equal(2, (await signatures.SignAsync(tenant, null, [[1]])).Number);
    }

    /// <summary>One item, and something that happens while it is being signed.</summary>
    private sealed class Stopping(Action meanwhile) : IReadOnlyList<byte[]>
    {
        private Action? _meanwhile = meanwhile;

        public int Count => 1;

        public byte[] this[int index]
        {
            get
            {
                _meanwhile?.Invoke();
                _meanwhile = null;
                return [1];
            }
        }

        public IEnumerator<byte[]> GetEnumerator() => throw new NotSupportedException();

        IEnumerator IEnumerable.GetEnumerator() => throw new NotSupportedException();
    }
}

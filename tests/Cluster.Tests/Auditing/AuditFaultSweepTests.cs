using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>
/// Every call of both stores fails once before and once after it was applied: what was acknowledged stands once, what
/// is archived is the beginning of the chain, what is signed is archived.
/// </summary>
public sealed class AuditFaultSweepTests(AuditCluster fixture, ITestOutputHelper log) : IClassFixture<AuditCluster>
{
    private const int CallsMax = 100;

    private static readonly ServiceOverloadedException Unknown = new("redis_timeout", Applied.Unknown);
    private static readonly ServiceOverloadedException Refused = new("redis_unavailable", Applied.No);

    private readonly GatehouseCluster _cluster = fixture.Cluster;

    [Theory]
    [InlineData("store", false, false)]
    [InlineData("store", false, true)]
    [InlineData("store", true, true)]
    [InlineData("archive", false, false)]
    [InlineData("archive", false, true)]
    [InlineData("archive", true, true)]
    public async Task Fault_AtAnyCall_LosesNothingAndRepeatsNothing(string which, bool isApplied, bool isUnknown)
    {
        var faults = which == "store" ? _cluster.Chains.Faults : _cluster.Archive.Faults;
        for (var call = 0; call < CallsMax; call++)
        {
            faults.Clear();
            for (var i = 0; i < call; i++)
            {
                faults.Enqueue(null);
            }

            faults.Enqueue((isApplied, isUnknown ? Unknown : Refused));
            var chain = new TestChain(_cluster);
            await RunAsync(chain);
            if (faults.Count > 0)
            {
                log.WriteLine($"{call} calls");
                Assert.True(call > 5, "The scenario calls the store more often than that.");
                faults.Clear();
                return;
            }

            await AssertSoundAsync(chain, call);
        }

        Assert.Fail($"The scenario has more than {CallsMax} calls.");
    }

    private async Task RunAsync(TestChain chain)
    {
        await UntilDoneAsync(() => chain.AppendManyAsync("a", 3));
        await UntilDoneAsync(() => chain.Grain.CheckpointAsync(3));
        await UntilDoneAsync(() => chain.AppendManyAsync("a", 5));
        await UntilDoneAsync(async () =>
        {
            await chain.Grain.KeepUpAsync();
            return await chain.Grain.CheckpointAsync(chain.Stored.End.Size);
        });
    }

    /// <summary>As a careful caller does.</summary>
    private async Task UntilDoneAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await _cluster.DriveAsync(call());
                return;
            }
            catch (ServiceOverloadedException) when (attempt < 20)
            {
            }
        }
    }

    private async Task AssertSoundAsync(TestChain chain, int call)
    {
        chain.AssertOneChain();
        var (stored, kept) = (chain.Stored, _cluster.Archive.Of(chain.Tenant));
        var ids = stored.Entries.Select(entry => AuditEntry.Read(entry).Entry.Id).ToList();
        Assert.Equal(["a0", "a1", "a2", "a3", "a4"], ids.Where(id => id[0] == 'a').Order());
        Assert.Equal(7, ids.Count);
        Assert.Equal(stored.Entries.Take(kept.Entries.Count), kept.Entries);
        Assert.True(stored.Signed!.Size <= kept.Entries.Count, $"Call {call}: signed and not archived.");
        Assert.Equal((stored.End.Size, null), (stored.Signed.Size, stored.Frozen));
        var proof = await _cluster.Grains.AuditReader(chain.Tenant).ProveAsync(4);
        Assert.True(MerkleProof.VerifyInclusion(
            MerkleTree.Leaf(stored.Entries[4]), 4, proof!.Checkpoint.Size, proof.Hashes, proof.Checkpoint.Root));
    }
}

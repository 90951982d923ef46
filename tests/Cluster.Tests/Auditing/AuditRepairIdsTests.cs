using System.Text.Json;
using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Orleans.Core.Internal;

namespace Gatehouse.Cluster.Tests.Auditing;

/// <summary>
/// After a repair the ids are those of the entries, as long ago as ids are known, and no others: none is lost, none
/// stays for ever, none names an entry that is not its own.
/// </summary>
public sealed class AuditRepairIdsTests(AuditCluster fixture) : IClassFixture<AuditCluster>
{
    private const int CallsMax = 60;

    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private TestChain _chain = new(fixture.Cluster);

    [Fact]
    public async Task Ids_OfEntriesThatLeftTheStore_AreKnownAgainForAsLongAsIdsAreKnown()
    {
        await FillAsync(5, 9);
        Assert.Equal(8_192, _chain.Stored.Dropped);
        _chain.PutBack(8_500);
        _chain.Stored.Ids.Clear();
        await _cluster.RestartAllAsync();
        await _chain.AppendAsync("new");

        var repair = await _chain.Grain.RepairAsync(null);
        var known = Assert.Single((await _chain.AppendAsync("s5-0")).Receipts);

        Assert.Equal(AuditRepairOutcome.Restored, repair.Outcome);
        Assert.Equal(5_000, known.Seq);
        // Read 512 at a time: the last of the 512 before that place is older than a day.
        Assert.Equal(4_608, _chain.Stored.Forgotten);
        AssertIds();
        _chain.AssertOneChain();
    }

    [Fact]
    public async Task Ids_ThatAreOlderThanIdsAreKnown_DoNotOutliveARepair()
    {
        await FillAsync(0, 9);
        await _cluster.AdvanceAsync(TimeSpan.FromHours(25));
        _chain.PutBack(8_500);
        await _cluster.RestartAllAsync();
        await _chain.AppendAsync("new");

        var repair = await _chain.Grain.RepairAsync(null);
        AssertIds();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(1)));
        await _chain.Grain.KeepUpAsync();
        var size = _chain.Stored.End.Size;
        var again = await _chain.AppendManyAsync("s0-", 1_000);

        Assert.Equal(AuditRepairOutcome.Restored, repair.Outcome);
        Assert.Equal((8_192, 8_192), (_chain.Stored.Forgotten, _cluster.Archive.Of(_chain.Tenant).PrunedBefore));
        // Other events now, as nobody knows the old ones any more.
        Assert.Equal((AuditAppendOutcome.Recorded, size), (again.Outcome, again.Receipts[0].Seq));
        Assert.Null(_chain.Stored.Frozen);
    }

    [Fact]
    public async Task Id_ThatNamesAnotherEntry_FreezesTheChain_AndIsPutRightByARepair()
    {
        await FillAsync(2, 5);
        _chain.Stored.Ids["s4-7"] = 4_500;

        var refused = await _chain.AppendAsync("s4-7");
        var repair = await _chain.Grain.RepairAsync(null);
        var known = Assert.Single((await _chain.AppendAsync("s4-7")).Receipts);

        Assert.Equal((AuditAppendOutcome.Frozen, AuditRepairOutcome.Continued), (refused.Outcome, repair.Outcome));
        Assert.Equal((4_007, 1_536), (known.Seq, _chain.Stored.Forgotten));
        AssertIds();
        _chain.AssertOneChain();
    }

    [Theory]
    [InlineData("store", false, false)]
    [InlineData("store", true, false)]
    [InlineData("store", false, true)]
    [InlineData("store", true, true)]
    [InlineData("archive", false, true)]
    [InlineData("archive", true, false)]
    public async Task Crash_AtAnyCallOfARepair_LosesNoIdAndLeavesNone(string which, bool isApplied, bool isKilled)
    {
        var faults = which == "store" ? _cluster.Chains.Faults : _cluster.Archive.Faults;
        for (var call = 0; call < CallsMax; call++)
        {
            _chain = new TestChain(_cluster);
            var archived = await DamagedAsync();
            for (var i = 0; i < call; i++)
            {
                faults.Enqueue(null);
            }

            faults.Enqueue((isApplied, new ServiceOverloadedException("redis_timeout", Applied.Unknown)));
            await RepairAsync(archived, isKilled);
            var isOver = faults.Count > 0;
            faults.Clear();

            AssertIds();
            Assert.Equal(3, Records().Sum(record => record.GetProperty("metadata").GetProperty("givenUp").GetInt32()));
            Assert.Equal((null, null), (_chain.Stored.Frozen, _chain.Stored.Repair));
            Assert.Equal(2_048, Assert.Single((await _chain.AppendAsync("s2-48")).Receipts).Seq);
            Assert.Equal(AuditAppendOutcome.Recorded, (await _chain.AppendManyAsync("u", 3)).Outcome);
            _chain.AssertOneChain();
            if (isOver)
            {
                return;
            }
        }

        Assert.Fail($"There are more than {CallsMax} calls.");
    }

    /// <summary>Entries of which the first ones, before the given thousand, are older than ids are known.</summary>
    private async Task FillAsync(int young, int to)
    {
        // So that the chain's own records come behind these entries, and places are known.
        _cluster.Archive.IsDown = true;
        await _chain.FillAsync(0, young);
        await _cluster.AdvanceAsync(TimeSpan.FromHours(25));
        await _chain.FillAsync(young, to);
        _cluster.Archive.IsDown = false;
        await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(to * 1_000));
        await _chain.Grain.KeepUpAsync();
    }

    /// <summary>A chain that is frozen, as the first of three entries that only the store has was edited.</summary>
    /// <returns>How many are archived.</returns>
    private async Task<long> DamagedAsync()
    {
        await FillAsync(2, 5);
        var archived = _chain.Stored.End.Size;
        await _chain.AppendManyAsync("u", 3);
        _chain.Edit((int)archived);
        await Assert.ThrowsAnyAsync<Exception>(() => _cluster.DriveAsync(_chain.Grain.CheckpointAsync(archived + 3)));
        return archived;
    }

    /// <summary>As a patient operator does; the activation goes on, or another one takes the chain over.</summary>
    private async Task RepairAsync(long giveUpFrom, bool isKilled)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await _cluster.DriveAsync(_chain.Grain.RepairAsync(giveUpFrom));
                return;
            }
            catch (ServiceOverloadedException) when (attempt < 20)
            {
                if (isKilled)
                {
                    await _chain.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
                }
            }
        }
    }

    private List<JsonElement> Records() =>
    [
        .. _chain.Stored.Entries.Select(static entry => JsonDocument.Parse(entry).RootElement)
            .Where(static entry => entry.GetProperty("action").GetString() == "audit.repaired"),
    ];

    private void AssertIds()
    {
        var named = _chain.Stored.Entries.Select(static entry => AuditEntry.Read(entry).Entry)
            .Where(entry => entry.Seq >= _chain.Stored.Forgotten).ToDictionary(entry => entry.Id, entry => entry.Seq);
        Assert.Equal(named.OrderBy(id => id.Value), _chain.Stored.Ids.OrderBy(id => id.Value));
    }
}

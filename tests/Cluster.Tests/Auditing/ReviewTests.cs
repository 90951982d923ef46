#pragma warning disable
using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Cluster.Tests.Auditing;

public sealed class ReviewTests(AuditCluster fixture, ITestOutputHelper log) : IClassFixture<AuditCluster>
{
    private readonly GatehouseCluster _cluster = fixture.Cluster;
    private TestChain _chain = new(fixture.Cluster);
    private FakeAuditArchive.Kept Kept => _cluster.Archive.Of(_chain.Tenant);
    private IAuditReaderGrain Reader => _cluster.Grains.AuditReader(_chain.Tenant);
    private static ServiceOverloadedException Unknown => new("redis_timeout", Applied.Unknown);

    private async Task FillAsync(int n)
    {
        for (var i = 0; i < n / 1000; i++) await _chain.AppendManyAsync($"s{i}-", 1000);
    }

    private void PutBack(int size)
    {
        var stored = _chain.Stored;
        stored.Entries.RemoveRange(size, stored.Entries.Count - size);
        stored.End = AuditChain.Adopt(_chain.Tenant, ChainEnd.Empty, stored.Entries)!;
        foreach (var id in stored.Ids.Where(id => id.Value >= size).Select(id => id.Key).ToList()) stored.Ids.Remove(id);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task T01_DropFault(bool store, bool applied)
    {
        var faults = store ? _cluster.Chains.Faults : _cluster.Archive.Faults;
        var frozen = new List<string>();
        for (var call = 0; call < 14; call++)
        {
            _chain = new TestChain(_cluster);
            _cluster.Archive.IsDown = true;
            await FillAsync(9000);
            await Task.Delay(100);
            _cluster.Archive.IsDown = false;
            faults.Clear();
            _cluster.Chains.BeforePublish = () => {
            for (var i = 0; i < call; i++) faults.Enqueue(null);
            faults.Enqueue((applied, Unknown)); return Task.CompletedTask; };
            try { await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(9000)); } catch (ServiceOverloadedException) { }
            for (var i = 0; i < 3; i++) try { await _cluster.DriveAsync(Up()); } catch (ServiceOverloadedException) { }
            async Task<int> Up() { await _chain.Grain.KeepUpAsync(); return 1; }
            var done = faults.Count > 0;
            faults.Clear();
            try { await _cluster.DriveAsync(Up()); } catch (ServiceOverloadedException) { }
            if (_chain.Stored.Frozen is { } f) frozen.Add($"{call}: {f}");
            if (done) { break; }
        }
        Assert.True(frozen.Count == 0, string.Join("\n", frozen));
    }

    [Fact]
    public async Task T02_GivenUpIdsSentAgain()
    {
        await _chain.AppendManyAsync("e", 5);
        var signed = await _chain.Grain.CheckpointAsync(5);
        await _chain.AppendManyAsync("u", 3);
        // damage an unarchived entry
        var at = (int)signed!.Size + 1;
        _chain.Stored.Entries[at] = [.. _chain.Stored.Entries[at].Select(b => b == (byte)'7' ? (byte)'8' : b)];
        await Assert.ThrowsAnyAsync<Exception>(() => _chain.Grain.CheckpointAsync(signed.Size + 3));
        var repair = await _chain.Grain.RepairAsync(signed.Size);
        Assert.Equal(AuditRepairOutcome.Restored, repair.Outcome);
        var r = await _chain.AppendAsync("u2");
        Assert.True(r.Outcome == AuditAppendOutcome.Recorded, $"{r.Outcome} {_chain.Stored.Frozen}");
    }

    [Fact]
    public async Task T03_PagesAcrossPruned()
    {
        await FillAsync(9000);
        await _chain.Grain.CheckpointAsync(9000);
        await _chain.Grain.KeepUpAsync();
        Assert.Equal(8192, _chain.Stored.Dropped);
        Kept.PrunedBefore = 4096;
        var page = await Reader.ReadAsync(4090, 100);
        var seqs = page.Entries.Select(e => AuditEntry.Read(e).Entry.Seq).ToList();
        Assert.True(seqs.SequenceEqual(Enumerable.Range(0, seqs.Count).Select(i => 4096L + i)), $"{string.Join(",", seqs)} next {page.Next} pruned {page.PrunedBefore}");
    }

    [Fact]
    public async Task T04_ExportAfterPrune()
    {
        await FillAsync(9000);
        await _chain.Grain.CheckpointAsync(9000);
        await _chain.Grain.KeepUpAsync();
        Kept.PrunedBefore = 4096;
        var export = await Reader.ExportAsync(0, null);
        var seqs = new List<long>();
        for (var next = export!.From; next < export.To;)
        {
            var page = await Reader.ReadAsync(next, (int)Math.Min(1000, export.To - next));
            seqs.AddRange(page.Entries.Select(e => AuditEntry.Read(e).Entry.Seq));
            next += page.Entries.Count;
        }
        Assert.True(seqs.Count == seqs.Distinct().Count(), $"from {export.From} lines {seqs.Count} distinct {seqs.Distinct().Count()} first {seqs[0]}");
    }

    [Fact]
    public async Task T05_SearchWhileSealing()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        await _chain.AppendManyAsync("f", 5);
        _cluster.Archive.BeforeSearch = () => _chain.Grain.CheckpointAsync(_chain.Stored.End.Size);
        var page = await Reader.SearchAsync(new AuditFilter { Action = "order.refund" }, 0, 100);
        var seqs = page.Entries.Select(e => AuditEntry.Read(e).Entry.Seq).ToList();
        Assert.True(seqs.Count == seqs.Distinct().Count(), string.Join(",", seqs));
    }

    [Fact]
    public async Task T06_RegressArchiveDown()
    {
        await _chain.AppendManyAsync("e", 5);
        PutBack(3);
        _cluster.Archive.IsDown = true;
        try
        {
            string first = "";
            try { first = (await _cluster.DriveAsync(_chain.AppendAsync("n0"))).Outcome.ToString(); } catch (ServiceOverloadedException e) { first = e.Reason; }
            var second = await _cluster.DriveAsync(_chain.AppendUntilTakenAsync("n1"));
            Assert.True(second.Outcome == AuditAppendOutcome.Frozen, $"first {first}, second {second.Outcome} at {second.Receipts.FirstOrDefault()?.Seq}");
        }
        finally { _cluster.Archive.IsDown = false; }
    }

    [Fact]
    public async Task T07_RegressAfterFailover()
    {
        await _chain.AppendManyAsync("e", 5);
        for (var i = 0; i < 4; i++) _cluster.Chains.Faults.Enqueue((false, new ServiceOverloadedException("redis_unavailable", Applied.No)));
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => _cluster.DriveAsync(_chain.AppendAsync("n0")));
        _cluster.Chains.Faults.Clear();
        PutBack(3);
        var second = await _cluster.DriveAsync(_chain.AppendUntilTakenAsync("n1"));
        Assert.True(second.Outcome == AuditAppendOutcome.Frozen, $"second {second.Outcome} at {second.Receipts.FirstOrDefault()?.Seq}");
    }

    [Fact]
    public async Task T08_LateSeal()
    {
        await _chain.AppendManyAsync("e", 5);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.Chains.BeforePublish = () => { reached.TrySetResult(); return gate.Task; };
        var sealing = _chain.Grain.CheckpointAsync(5);
        await reached.Task;
        await _chain.AppendAsync("late");
        for (var i = 0; i < 15; i++) { _cluster.Time.Advance(TimeSpan.FromSeconds(1)); await Task.Delay(20); }
        gate.SetResult();
        await sealing;
        for (var i = 0; i < 300; i++) { _cluster.Time.Advance(TimeSpan.FromSeconds(1)); await Task.Delay(2); }
        Assert.True(_chain.Stored.Signed!.Size == _chain.Stored.End.Size, $"300 s later: signed {_chain.Stored.Signed!.Size}, end {_chain.Stored.End.Size}");
    }

    [Fact]
    public async Task T09_ResendArchiveDown()
    {
        await FillAsync(9000);
        await _chain.Grain.CheckpointAsync(9000);
        await _chain.Grain.KeepUpAsync();
        _cluster.Archive.IsDown = true;
        try
        {
            _cluster.Chains.Stop();
            var x = _chain.AppendAsync("x");
            await Task.Delay(100);
            var again = _chain.AppendAsync("s0-1");
            var fresh = _chain.AppendAsync("fresh");
            await Task.Delay(200);
            _cluster.Chains.Continue();
            await x;
            string a, f;
            try { a = (await again).Outcome.ToString(); } catch (ServiceOverloadedException e) { a = e.Reason; }
            try { f = (await fresh).Outcome.ToString(); } catch (ServiceOverloadedException e) { f = e.Reason; }
            Assert.True(f == "Recorded", $"again {a}, fresh {f}");
        }
        finally { _cluster.Archive.IsDown = false; }
    }

    [Fact]
    public async Task T10_WaitHoldsDiscarded()
    {
        await _chain.AppendManyAsync("e", 5);
        var wait = _chain.Grain.WaitAsync(5);
        await Task.Delay(100);
        for (var i = 0; i < 4; i++) _cluster.Chains.Faults.Enqueue((false, new ServiceOverloadedException("redis_unavailable", Applied.No)));
        await Assert.ThrowsAsync<ServiceOverloadedException>(() => _cluster.DriveAsync(_chain.AppendAsync("n0")));
        _cluster.Chains.Faults.Clear();
        var sw = System.Diagnostics.Stopwatch.StartNew();
        var results = new List<string>();
        while (sw.Elapsed < TimeSpan.FromSeconds(20))
        {
            try { results.Add($"{sw.ElapsedMilliseconds}:{(await _chain.AppendAsync("n1")).Outcome}"); break; }
            catch (Exception e) { if (results.Count < 5) results.Add($"{sw.ElapsedMilliseconds}:{(e as ServiceOverloadedException)?.Reason ?? e.GetType().Name}"); await Task.Delay(50); }
        }
        Assert.True(sw.ElapsedMilliseconds < 2000, string.Join("; ", results));
    }

    [Fact]
    public async Task T11_PruneRecordReused()
    {
        await FillAsync(5000);
        await _chain.Grain.CheckpointAsync(5000);
        await _chain.Grain.KeepUpAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(30)));
        await _cluster.AdvanceAsync(TimeSpan.FromDays(31));
        _cluster.Archive.AfterAppend = kept => kept.Retention = kept.Retention with { IsHeld = true };
        await _chain.Grain.KeepUpAsync();
        Assert.Equal(0, Kept.PrunedBefore);
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(20)));
        await _cluster.AdvanceAsync(TimeSpan.FromHours(1));
        await _chain.Grain.KeepUpAsync();
        Assert.Equal(4096, Kept.PrunedBefore);
    }

    [Fact]
    public async Task T12_OtherActivationDropped()
    {
        _cluster.Archive.IsDown = true;
        await FillAsync(9000);
        await Task.Delay(100);
        _cluster.Archive.IsDown = false;
        var s = _chain.Stored;
        _cluster.Chains.BeforePublish = () => { _cluster.Archive.Faults.Enqueue(null); _cluster.Archive.Faults.Enqueue((false, new ServiceOverloadedException("archive_unavailable", Applied.No))); return Task.CompletedTask; };
        await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(9000));
        await Task.Delay(300);
        Assert.Equal(0, s.Dropped);
        s.Fence++; // another activation takes over
        s.Dropped = 4096; // and drops
        await _chain.Grain.KeepUpAsync();
        Assert.Null(s.Frozen);
    }

    [Fact]
    public async Task T13_RepairContradicts()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        var firstSize = Kept.End; var firstCount = Kept.Entries.Count; var firstTiles = Kept.Tiles.ToDictionary(); var fs = Kept.Signed;
        await _chain.AppendManyAsync("f", 5);
        var signed = await _chain.Grain.CheckpointAsync(_chain.Stored.End.Size);
        // archive put back to its backup; store damaged in what is signed
        Kept.End = firstSize; Kept.Entries.RemoveRange(firstCount, Kept.Entries.Count - firstCount); Kept.Signed = fs;
        Kept.Tiles.Clear(); foreach (var t in firstTiles) Kept.Tiles[t.Key] = t.Value;
        _chain.Stored.Entries[firstCount + 1] = [1, 2];
        await _cluster.RestartAllAsync();
        await _chain.AppendAsync("g");
        try { await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(_chain.Stored.End.Size)); } catch (Exception e) { log.WriteLine(e.Message); }
        var repair = await _chain.Grain.RepairAsync(firstCount);
        log.WriteLine($"{repair.Outcome} {repair.Size} {repair.GivenUp}");
        await _chain.AppendManyAsync("z", 20);
        var other = await _cluster.DriveAsync(_chain.Grain.CheckpointAsync(_chain.Stored.End.Size));
        var tree = AuditChain.Adopt(_chain.Tenant, ChainEnd.Empty, [.. _chain.Stored.Entries.Take((int)signed!.Size)])!;
        Assert.True(tree.Tree.Root().AsSpan().SequenceEqual(signed.Root), $"signed {signed.Size} before, {other!.Size} now, roots of {signed.Size} differ");
    }

    [Fact]
    public async Task T14_NoKeyBlocksAppends()
    {
        await _chain.AppendAsync("e");
        await _chain.Grain.CheckpointAsync(1);
        var ring = _cluster.Grains.KeyRing(_chain.Tenant);
        await _cluster.DriveAsync(ring.RevokeAsync(1, "lost", Gatehouse.Grains.Abstractions.Tenants.Precondition.Unconditional));
        string r = "";
        for (var i = 0; i < 25; i++)
        {
            try { await _chain.AppendManyAsync($"s{i}-", 1000); r += "."; await Task.Delay(150); }
            catch (ServiceOverloadedException e) { r += $" {i}:{e.Reason} archived {Kept.End.Size} of {_chain.Stored.End.Size}"; break; }
        }
        Assert.True(r.Length == 25, r);
    }

    [Fact]
    public async Task T15_KeyChangeAtTheSameTime()
    {
        await _chain.AppendAsync("e");
        await _chain.Grain.CheckpointAsync(1);
        var ring = _cluster.Grains.KeyRing(_chain.Tenant);
        var rotate = ring.RotateNowAsync(null, "lost", Gatehouse.Grains.Abstractions.Tenants.Precondition.Unconditional);
        await Task.Delay(500);
        await _cluster.DriveAsync(rotate);
        await _cluster.AdvanceAsync(TimeSpan.FromHours(2));
        await _chain.AppendAsync("e1");
        await _chain.Grain.KeepUpAsync();
        var ids = _chain.Stored.Entries.Select(x => AuditEntry.Read(x).Entry.Id).ToList();
        Assert.True(ids.Any(i => i.Contains("revoked")), string.Join(" ", ids));
    }

    [Fact]
    public async Task T16_SetRetentionFrozen()
    {
        await _chain.AppendAsync("e");
        _chain.Stored.Frozen = "x";
        await _cluster.RestartAllAsync();
        await _chain.Grain.SetRetentionAsync(new AuditRetention(TimeSpan.FromDays(20)));
        log.WriteLine("answered, retention " + Kept.Retention.KeepFor);
        Assert.Fail("no error although not recorded; entries " + _chain.Stored.Entries.Count);
    }

    [Fact]
    public async Task T17_RepairRecordLost()
    {
        await _chain.AppendManyAsync("e", 5);
        await _chain.Grain.CheckpointAsync(5);
        _chain.Stored.Frozen = "x";
        await _cluster.RestartAllAsync();
        await _chain.Grain.StateAsync();
        for (var n = 0; n < 12; n++) { _cluster.Chains.Faults.Enqueue(null); }
        _cluster.Chains.Faults.Clear();
        // fails the record's append
        _cluster.Chains.Stop();
        var repair = _chain.Grain.RepairAsync(null);
        await Task.Delay(400);
        for (var n = 0; n < 4; n++) _cluster.Chains.Faults.Enqueue((false, new ServiceOverloadedException("redis_unavailable", Applied.No)));
        _cluster.Chains.Continue();
        string first;
        try { first = (await _cluster.DriveAsync(repair)).Outcome.ToString(); } catch (ServiceOverloadedException e) { first = e.Reason; }
        _cluster.Chains.Faults.Clear();
        AuditRepair? again = null;
        while (again is null) try { again = await _chain.Grain.RepairAsync(null); } catch (ServiceOverloadedException) { await Task.Delay(20); }
        Assert.True(_chain.Stored.Entries.Any(x => AuditEntry.Read(x).Entry.Id.Contains("repaired")), $"first {first}, again {again.Outcome}");
    }
}

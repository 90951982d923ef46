using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;

namespace Gatehouse.Grains.Tests.Auditing;

/// <summary>Callers whose events go out together: each id once, and each caller gets its own receipts.</summary>
public class AppendBatchTests
{
    [Fact]
    public void TryAdd_TakesCallersInTheirOrder_AndEachIdOnce()
    {
        var batch = new AppendBatch();

        Assert.True(batch.TryAdd(Call("a", "b")));
        Assert.True(batch.TryAdd(Call("b", "c")));

        Assert.Equal(["a", "b", "c"], batch.Events.Select(audited => audited.Id));
        Assert.Equal(2, batch.Appends.Count);
        Assert.Equal(batch.Appends.Sum(append => append.Weight), batch.Weight);
        Assert.Equal(Event("a").Weight + Event("b").Weight, batch.Appends[0].Weight);
    }

    [Fact]
    public void TryAdd_OfAnIdWithAnotherContent_TakesNothingOfThatCaller()
    {
        var batch = new AppendBatch();
        batch.TryAdd(Call("a"));
        var other = new PendingAppend([Event("b"), Event("a") with { Action = "other" }]);

        Assert.False(batch.TryAdd(other));

        Assert.Equal(["a"], batch.Events.Select(audited => audited.Id));
        Assert.Single(batch.Appends);
        Assert.True(batch.TryAdd(new PendingAppend([Event("b")])));
    }

    // Metadata is compared by its bytes, and not by which array it is in.
    [Theory]
    [InlineData("{}", "{}", true)]
    [InlineData("{}", "[]", false)]
    [InlineData("{}", null, false)]
    [InlineData(null, null, true)]
    public void TryAdd_ComparesMetadata(string? one, string? other, bool isSame)
    {
        var batch = new AppendBatch();
        batch.TryAdd(new PendingAppend([With(one)]));

        Assert.Equal(isSame, batch.TryAdd(new PendingAppend([With(other)])));
        Assert.Equal(isSame ? null : "a", AppendBatch.ConflictWithin([Event("z"), With(one), With(other)]));
    }

    [Fact]
    public void Record_GivesTheReceiptToEachCallerThatSentTheEvent()
    {
        var batch = new AppendBatch();
        var (first, second) = (Call("a", "b", "a"), Call("b"));
        batch.TryAdd(first);
        batch.TryAdd(second);

        batch.Record(Receipt("b", 7));

        Assert.Equal([null, 7, null], first.Receipts.Select(receipt => receipt?.Seq));
        Assert.Equal([7], second.Receipts.Select(receipt => receipt!.Seq));
        batch.Record(Receipt("a", 8));
        Assert.Equal([8, 7, 8], first.Receipts.Select(receipt => receipt!.Seq));
    }

    [Fact]
    public void Without_KeepsTheOthers_AndOnlyWhatOfThemIsStillToBeRecorded()
    {
        var batch = new AppendBatch();
        var (gone, rest) = (Call("a", "b"), Call("b", "c"));
        batch.TryAdd(gone);
        batch.TryAdd(rest);
        batch.Record(Receipt("b", 7));

        var left = batch.Without(new HashSet<PendingAppend> { gone });

        Assert.Equal([rest], left.Appends);
        Assert.Equal(["c"], left.Events.Select(audited => audited.Id));
        Assert.Equal(rest.Weight, left.Weight);
        left.Record(Receipt("c", 8));
        Assert.Equal([7, 8], rest.Receipts.Select(receipt => receipt!.Seq));
    }

    private static PendingAppend Call(params string[] ids) => new([.. ids.Select(Event)]);

    private static AuditEvent With(string? metadata) => Event("a") with
    {
        Metadata = metadata is null ? null : System.Text.Encoding.UTF8.GetBytes(metadata),
    };

    private static AuditEvent Event(string id) => new()
    {
        Id = id,
        Actor = new AuditParty("user", "7"),
        Action = "login",
        Outcome = AuditOutcome.Success,
    };

    private static AuditReceipt Receipt(string id, long seq) => new()
    {
        Seq = seq,
        Id = id,
        Hash = "",
        PrevHash = "",
        RecordedAt = default,
        TreeSize = seq + 1,
        Root = "",
    };
}

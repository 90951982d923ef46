using CsCheck;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier.Tests;

/// <summary>What was done to an export is named, with the place where it was done.</summary>
public class FaultNamingTests
{
    private const int Size = 16;
    private static readonly string[] Garbage = ["", "{}", "x", "[1]", "{\"seq\":1}", "\0"];
    private static readonly SampleChain Chain = SampleChain.Of(Size);

    // From, count, and the size of the checkpoint.
    private static readonly Gen<SampleExport> Exports =
        from range in Gen.Select(Gen.Int[0, 9], Gen.Int[2, 7])
        from rest in Gen.Int[0, Size - range.Item1 - range.Item2]
        select Chain.Export(range.Item1, range.Item2, range.Item1 + range.Item2 + rest);

    private static readonly Gen<(SampleExport Export, int At, int Other)> Places =
        from export in Exports
        from at in Gen.Int[0, export.Lines.Count - 1]
        from other in Gen.Int[0, export.Lines.Count - 1]
        select (export, at, other);

    [Fact]
    public void Export_OfEveryRange_Verifies()
    {
        for (var size = 0; size <= Size; size++)
        {
            for (var from = 0; from <= size; from++)
            {
                for (var count = 0; count <= size - from; count++)
                {
                    Assert.Equal(Verdicts.Fine, Verdicts.Of(Chain.Export(from, count, size)));
                }
            }
        }
    }

    [Fact]
    public void Lines_Missing_AreDeleted() => Places.Sample((export, at, other) =>
    {
        var length = 1 + (other % (export.Lines.Count - at));
        var left = export.With([.. export.Lines.Take(at), .. export.Lines.Skip(at + length)]);

        var kind = at + length == export.Lines.Count ? "truncate" : "delete";
        Assert.Equal($"{kind} {export.Manifest.From + at}", Verdicts.Of(left));
    });

    [Fact]
    public void Line_Repeated_IsInserted() => Places.Sample((export, at, to) =>
    {
        var repeated = export.With([.. export.Lines.Take(to), export.Lines[at], .. export.Lines.Skip(to)]);

        // Of two that are the same, the second one is one too many.
        Assert.Equal($"insert {export.Manifest.From + (to == at ? at + 1 : to)}", Verdicts.Of(repeated));
    });

    [Fact]
    public void Garbage_IsInserted() => Gen.Select(Places, Gen.Int[0, Garbage.Length - 1]).Sample((place, which) =>
    {
        var (export, _, to) = place;
        byte[] line = [.. Garbage[which].Select(letter => (byte)letter)];

        Assert.Equal(
            $"insert {export.Manifest.From + to}",
            Verdicts.Of(export.With([.. export.Lines.Take(to), line, .. export.Lines.Skip(to)])));
        Assert.Equal($"insert {export.Manifest.End}", Verdicts.Of(export.With([.. export.Lines, line])));
    });

    [Fact]
    public void ForgedEntry_ThatNamesTheOneBeforeIt_IsInserted() => Places.Sample((export, _, to) =>
    {
        var seq = export.Manifest.From + to;
        var previous = seq == 0 ? AuditEntry.Genesis : SampleChain.Hex(Chain.Entries[(int)seq - 1].Hash);
        var forged = SampleChain.Entry(seq, previous, "forged").Bytes;

        Assert.Equal(
            $"insert {seq}", Verdicts.Of(export.With([.. export.Lines.Take(to), forged, .. export.Lines.Skip(to)])));
    });

    [Fact]
    public void Lines_InAnotherOrder_AreReordered() => Places.Sample((export, at, other) =>
    {
        if (at != other)
        {
            var swapped = export.Lines.ToList();
            (swapped[at], swapped[other]) = (swapped[other], swapped[at]);
            Assert.Equal($"reorder {export.Manifest.From + Math.Min(at, other)}", Verdicts.Of(export.With(swapped)));

            var moved = export.Lines.ToList();
            moved.RemoveAt(at);
            moved.Insert(other, export.Lines[at]);
            Assert.Equal($"reorder {export.Manifest.From + Math.Min(at, other)}", Verdicts.Of(export.With(moved)));
        }
    });

    [Fact]
    public void Entry_ReplacedByAnotherOne_IsEdited() => Places.Sample((export, at, _) =>
    {
        var seq = export.Manifest.From + at;
        var previous = seq == 0 ? AuditEntry.Genesis : SampleChain.Hex(Chain.Entries[(int)seq - 1].Hash);
        var lines = export.Lines.ToList();
        lines[at] = SampleChain.Entry(seq, previous, "forged").Bytes;

        Assert.Equal($"edit {seq}", Verdicts.Of(export.With(lines)));
    });

    [Fact]
    public void Entries_RewrittenWithTheirLinks_AreAFork() => Places.Sample((export, at, _) =>
    {
        var seq = (int)export.Manifest.From + at;
        var rewritten = Chain.Rewritten(seq).Entries.Skip((int)export.Manifest.From).Take(export.Lines.Count);
        var forged = export.With(rewritten.Select(entry => entry.Bytes));

        // Of the last one alone, the manifest knows the hash.
        var isLast = at == export.Lines.Count - 1;
        Assert.Equal(isLast ? $"edit {seq}" : $"fork {export.Manifest.From}", Verdicts.Of(forged));
        // A checkpoint that somebody kept says that it lies behind that one.
        var kept = SampleChain.Key.Sign(Chain.Checkpoint(seq));
        Assert.Equal(isLast ? $"edit {seq}" : $"fork {seq}", Verdicts.Of(forged, kept));
    });

    [Fact]
    public void Chain_SignedTwice_IsAForkForWhomeverKeptACheckpoint() => Places.Sample((export, at, other) =>
    {
        var (from, count) = ((int)export.Manifest.From, export.Lines.Count);
        var rewritten = Chain.Rewritten(from + at).Export(from, count, Size);
        var first = SampleChain.Key.Sign(Chain.Checkpoint(from + Math.Min(at, other)));
        var second = SampleChain.Key.Sign(Chain.Checkpoint(from + at + 1));

        Assert.Equal(Verdicts.Fine, Verdicts.Of(rewritten));
        Assert.Equal(Verdicts.Fine, Verdicts.Of(rewritten, first));
        Assert.Equal($"fork {from + Math.Min(at, other)}", Verdicts.Of(rewritten, second, first));
        Assert.Equal($"fork {from}", Verdicts.Of(rewritten, SampleChain.Key.Sign(Chain.Checkpoint(Size))));
    });

    [Fact]
    public void Entries_BehindAllThatIsSigned_AreUnsealed() => Exports.Sample(export =>
    {
        var (from, end, size) = ((int)export.Manifest.From, (int)export.Manifest.End, export.Manifest.Consistency.Count);
        var further = Chain.Grown(end + 3, "later").Entries.Skip(end).Take(2).Select(entry => entry.Bytes).ToList();
        var signed = Chain.Export(from, end - from, end);

        Assert.Equal($"unsealed {end}", Verdicts.Of(signed.With([.. signed.Lines, .. further])));
        var counted = signed with { Manifest = signed.Manifest with { Count = export.Lines.Count + 2 } };
        Assert.Equal($"unsealed {end}", Verdicts.Of(counted.With([.. signed.Lines, .. further])));
        Assert.Equal("manifest", Verdicts.Of(counted));
        if (size > 0)
        {
            Assert.Equal($"insert {end}", Verdicts.Of(export.With([.. export.Lines, .. further])));
        }
    });

    [Fact]
    public void Checkpoint_ThatCannotBeCompared_IsNotPassedOver()
    {
        var export = Chain.Export(4, 4, 12);

        Assert.Equal(Verdicts.Unchecked, Verdicts.Of(export, SampleChain.Key.Sign(Chain.Checkpoint(3))));
        Assert.Equal(Verdicts.Unchecked, Verdicts.Of(export, SampleChain.Key.Sign(Chain.Checkpoint(9))));
        Assert.Equal(Verdicts.Unchecked, Verdicts.Of(export, SampleChain.Key.Sign(Chain.Checkpoint(13))));
        Assert.Equal(Verdicts.Fine, Verdicts.Of(export, SampleChain.Key.Sign(Chain.Checkpoint(12))));
        Assert.Equal("checkpoint", Verdicts.Of(
            export, SampleChain.Key.Sign(Chain.Checkpoint(6) with { Origin = "gatehouse/local/other" })));
    }
}

using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier;

/// <summary>Verifies an export: its first line by a checkpoint and keys, and the entries by its first line.</summary>
internal sealed class ExportVerification(ChainKeys keys, bool allowRevoked)
{
    /// <summary>Where the manifest's own checkpoint comes from.</summary>
    private const string Own = "export";

    /// <param name="export">The export.</param>
    /// <param name="kept">The notes of checkpoints that somebody kept, by where they come from.</param>
    /// <exception cref="UncheckedException">
    /// It is no export, or a kept checkpoint cannot be compared with it.
    /// </exception>
    public VerifierReport Verify(Stream export, IReadOnlyList<(string Source, string Note)> kept)
    {
        var lines = new LineReader(export);
        if (!lines.TryRead(out var first) || !ExportManifest.IsMeantBy(first[1..]))
        {
            throw new UncheckedException("line 1", $"is not the manifest of an export, {ExportManifest.Format}");
        }

        ExportManifest manifest;
        try
        {
            manifest = ExportManifest.Read(first[1..]);
        }
        catch (FormatException broken)
        {
            return new VerifierReport
            {
                Checkpoints = [],
                Fault = new ChainFault(ChainFaultKind.Manifest, null, "a manifest in canonical form", broken.Message),
            };
        }

        var seen = kept.Prepend((Own, manifest.Checkpoint))
            .Select(note => new SeenCheckpoint(note.Item1, keys.Verify(note.Item2, allowRevoked))).ToList();
        var refused = seen.FirstOrDefault(static one => one.Verdict.Fault is not null);
        var report = new VerifierReport { Manifest = manifest, Checkpoints = seen };
        return refused is not null
            ? report with { Fault = refused.Verdict.Fault, Source = refused.Source }
            : Verify(report, manifest, lines);
    }

    private static VerifierReport Verify(VerifierReport report, ExportManifest manifest, LineReader lines)
    {
        var own = report.Checkpoints[0].Verdict.Checkpoint!;
        if (manifest.FaultOf(own) is { } untrue)
        {
            return report with { Fault = untrue };
        }

        // The entries reach the export's own checkpoint by the manifest's root, unless they go on behind it.
        List<Checkpoint> trusted = own.Size < manifest.End ? [own] : [];
        foreach (var (source, verdict) in report.Checkpoints.Skip(1))
        {
            var checkpoint = verdict.Checkpoint!;
            if (Refusal(manifest, own, checkpoint) is { } fault)
            {
                return report with { Fault = fault, Source = source };
            }

            if (checkpoint.Size >= manifest.From && checkpoint.Size <= manifest.End)
            {
                trusted.Add(checkpoint);
            }
            else if (checkpoint.Size != own.Size)
            {
                throw new UncheckedException(source, $"its size {checkpoint.Size} is not in the export, "
                    + $"{manifest.From} to {manifest.End}, and so it cannot be compared with it");
            }
        }

        return report with { Fault = Read(new ChainVerifier(ChainRange.Of(manifest, own), trusted), lines) };
    }

    /// <summary>Why a kept checkpoint cannot be one of this chain; null: it can.</summary>
    private static ChainFault? Refusal(ExportManifest manifest, Checkpoint own, Checkpoint kept) =>
        kept.Origin != own.Origin
            ? new ChainFault(ChainFaultKind.Checkpoint, null, $"a checkpoint of {own.Origin}", $"one of {kept.Origin}")
        : kept.Size == own.Size && kept.Size > manifest.End && !kept.Root.AsSpan().SequenceEqual(own.Root)
            ? new ChainFault(
                ChainFaultKind.Fork, manifest.From, $"root {Convert.ToHexStringLower(kept.Root)} at size {kept.Size}",
                $"root {Convert.ToHexStringLower(own.Root)}")
        : null;

    private static ChainFault? Read(ChainVerifier verifier, LineReader lines)
    {
        while (lines.TryRead(out var leaf))
        {
            if (verifier.Add(leaf) is { } fault)
            {
                return fault;
            }
        }

        return verifier.Complete(lines.IsCut);
    }

    /// <summary>Verifies one entry by its receipt.</summary>
    /// <exception cref="FormatException">The receipt is none.</exception>
    public VerifierReport Verify(string receipt, byte[] entry, string source)
    {
        var proof = TlogProof.Read(receipt);
        var verdict = keys.Verify(proof.Checkpoint.ToString(), allowRevoked);
        var report = new VerifierReport
        {
            Checkpoints = [new SeenCheckpoint(source, verdict)], ReceiptIndex = proof.Index, Source = source,
        };
        if (verdict.Fault is not null)
        {
            return report with { Fault = verdict.Fault };
        }

        // A file mostly ends with a line feed, which is of no entry.
        var bytes = entry is [.. var line, (byte)'\n'] ? line : entry;
        var (size, root) = (verdict.Checkpoint!.Size, verdict.Checkpoint.Root);
        return MerkleProof.VerifyInclusion(MerkleTree.Leaf(bytes), proof.Index, size, proof.Hashes, root)
            ? report
            : report with
            {
                Fault = new ChainFault(
                    ChainFaultKind.Edit, proof.Index, $"the entry {proof.Index} of the checkpoint's tree",
                    $"an entry of hash {Convert.ToHexStringLower(MerkleTree.Leaf(bytes))}, or another proof"),
            };
    }
}

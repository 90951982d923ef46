using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier;

/// <summary>A checkpoint that was looked at, and where it came from.</summary>
internal sealed record SeenCheckpoint(string Source, CheckpointVerdict Verdict);

/// <summary>What one run found.</summary>
internal sealed record VerifierReport
{
    public required IReadOnlyList<SeenCheckpoint> Checkpoints { get; init; }

    public ExportManifest? Manifest { get; init; }

    public long? ReceiptIndex { get; init; }

    public ChainFault? Fault { get; init; }

    /// <summary>What the fault is in: the export, a file.</summary>
    public string Source { get; init; } = "export";

    public void WriteText(TextWriter output)
    {
        if (Fault is { } fault)
        {
            output.WriteLine($"FAULT {fault.KindName}{(fault.Seq is { } seq ? $" at entry {seq}" : "")}, in {Source}");
            output.WriteLine($"  expected: {fault.Expected}");
            output.WriteLine($"  actual:   {fault.Actual}");
        }
        else
        {
            if (Manifest is { } manifest)
            {
                var (from, count) = (manifest.From, manifest.Count);
                output.WriteLine(count == 0
                    ? $"VERIFIED no entries of {manifest.Origin} from {from} on"
                    : $"VERIFIED entries {from} to {manifest.End - 1} of {manifest.Origin}: {count} of them");
            }

            if (ReceiptIndex is { } index)
            {
                output.WriteLine($"VERIFIED the receipt of entry {index}");
            }
        }

        foreach (var (source, verdict) in Checkpoints.Where(static seen => seen.Verdict.Fault is null))
        {
            var checkpoint = verdict.Checkpoint!;
            output.WriteLine($"  checkpoint ({source}): size {checkpoint.Size}, "
                + $"root {Convert.ToHexStringLower(checkpoint.Root)}, "
                + $"signed at {UtcMilliseconds.ToText(checkpoint.SignedAt)} by {verdict.Kid}");
        }
    }

    public void WriteJson(TextWriter output) => Write(output, new JsonObject
    {
        ["ok"] = Fault is null,
        ["origin"] = Manifest?.Origin,
        ["from"] = Manifest?.From,
        ["count"] = Manifest?.Count,
        ["root"] = Manifest is null ? null : Convert.ToHexStringLower(Manifest.Root),
        ["receipt"] = ReceiptIndex,
        ["checkpoints"] = new JsonArray([.. Checkpoints.Select(static seen => new JsonObject
        {
            ["source"] = seen.Source,
            ["origin"] = seen.Verdict.Checkpoint?.Origin,
            ["size"] = seen.Verdict.Checkpoint?.Size,
            ["root"] = seen.Verdict.Checkpoint is { } known ? Convert.ToHexStringLower(known.Root) : null,
            ["signedAt"] = seen.Verdict.Checkpoint is { } signed ? UtcMilliseconds.ToText(signed.SignedAt) : null,
            ["key"] = seen.Verdict.Kid,
        })]),
        ["fault"] = Fault is not { } fault ? null : new JsonObject
        {
            ["kind"] = fault.KindName,
            ["seq"] = fault.Seq,
            ["expected"] = fault.Expected,
            ["actual"] = fault.Actual,
            ["source"] = Source,
        },
        ["error"] = null,
    });

    public static void WriteError(TextWriter output, string error) =>
        Write(output, new JsonObject { ["ok"] = false, ["fault"] = null, ["error"] = error });

    private static void Write(TextWriter output, JsonObject json) =>
        output.WriteLine(json.ToJsonString(JsonSerializerOptions.Default));
}

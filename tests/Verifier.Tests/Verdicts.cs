using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier.Tests;

/// <summary>What the verifier says of bytes, in short.</summary>
internal static class Verdicts
{
    public const string Fine = "verified";
    public const string Unchecked = "not checked";

    public static string Of(SampleExport export, params string[] kept) => Of(export.ToBytes(), kept);

    public static string Of(byte[] export, params string[] kept) =>
        Of(export, new ChainKeys([SampleChain.Key.Public]), false, kept);

    public static string Of(byte[] export, ChainKeys keys, bool allowRevoked, params string[] kept)
    {
        try
        {
            using var stream = new MemoryStream(export);
            var report = new ExportVerification(keys, allowRevoked).Verify(stream, [.. kept.Select(note => ("kept", note))]);
            return report.Fault is { } fault ? $"{fault.KindName}{(fault.Seq is { } seq ? $" {seq}" : "")}" : Fine;
        }
        catch (UncheckedException)
        {
            return Unchecked;
        }
    }
}

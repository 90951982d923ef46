using System.Text;
using System.Text.Json;
using Gatehouse.Fuzzing;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier.Tests;

/// <summary>
/// Files of which more than a byte was changed: parts moved, repeated, lost. <see cref="SingleByteTests"/> has all that one
/// byte can be.
/// </summary>
public class MutationTests
{
    private static readonly SampleChain Chain = SampleChain.Of(6);
    private static readonly byte[] Export = Chain.Export(2, 3, 6).ToBytes();
    private static readonly string Receipt = Chain.Receipt(3, 6);
    private static readonly byte[] KeySet = JsonSerializer.SerializeToUtf8Bytes(new
    {
        keys = new[]
        {
            SampleChain.Key.Jwk(),
            SampleChain.Key.Jwk(("status", "revoked"), ("revokedAt", "2026-11-26T17:00:00.000Z")),
        },
    });

    private static readonly FuzzTarget[] Targets =
    [
        new FuzzTarget("export", [Export], static bytes =>
            Assert.Equal(bytes.AsSpan().SequenceEqual(Export), Verdicts.Of(bytes) == Verdicts.Fine), static _ => false),
        new FuzzTarget("receipt", [Encoding.UTF8.GetBytes(Receipt)], static bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes);
            var report = new ExportVerification(new ChainKeys([SampleChain.Key.Public]), false)
                .Verify(text, Chain.Entries[3].Bytes, "receipt");
            // Nothing vouches for what is extra; all else is signed, or a part of the proof.
            Assert.True(report.Fault is not null || WithoutExtra(text) == Receipt);
        }, static failure => failure is FormatException),
        new FuzzTarget("key set", [KeySet], static bytes =>
        {
            var keys = KeySetReader.Read(bytes);
            Assert.NotNull(Verdicts.Of(Export, keys, false));
        }, static failure => failure is FormatException),
        FuzzTarget.Of("command line", ["e --jwks k --checkpoint c --json", "--jwks k --receipt r --entry e"], static text =>
            Assert.NotEmpty(VerifierOptions.Parse(text.Split(' ')).Jwks), static failure => failure is UncheckedException),
    ];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ChangedFile_IsNotTakenForWhatItWas(string name) => FuzzRun.Read(Targets.Single(target => target.Name == name));

    private static string WithoutExtra(string receipt)
    {
        var lines = receipt.Split('\n').ToList();
        lines.RemoveAll(static line => line.StartsWith("extra ", StringComparison.Ordinal));
        return string.Join('\n', lines);
    }
}

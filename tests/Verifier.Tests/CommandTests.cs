using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier.Tests;

/// <summary>The command: what it ends with, and what it says.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly SampleChain Chain = SampleChain.Of(6);
    private static readonly byte[] Good = Chain.Export(0, 5, 6).ToBytes();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-verifier-");
    private readonly string _jwks;

    public CommandTests() =>
        _jwks = Write("jwks.json", JsonSerializer.SerializeToUtf8Bytes(new { keys = new[] { SampleChain.Key.Jwk() } }));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Export_ThatIsGood_EndsWithZeroAndSaysUpToWhere()
    {
        var kept = Write("kept.txt", Encoding.UTF8.GetBytes(SampleChain.Key.Sign(Chain.Checkpoint(3))));

        var (code, output, errors) = Run(Good, "-", "--jwks", _jwks, "--checkpoint", kept);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("VERIFIED entries 0 to 4 of gatehouse/local/acme: 5 of them", output, StringComparison.Ordinal);
        Assert.Contains("checkpoint (export): size 6, root ", output, StringComparison.Ordinal);
        Assert.Contains("signed at 2026-11-26T17:00:06.000Z by v1", output, StringComparison.Ordinal);
        Assert.Contains($"checkpoint ({kept}): size 3, root ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_WithAFault_EndsWithOneAndNamesIt()
    {
        var edited = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Good).Replace("e-3", "e-4", StringComparison.Ordinal));

        var (code, output, _) = Run(edited, "-", "--jwks", _jwks);
        var (jsonCode, json, _) = Run(edited, "--json", "-", "--jwks", _jwks);

        Assert.Equal((1, 1), (code, jsonCode));
        Assert.StartsWith("FAULT edit at entry 3, in export", output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(json);
        var fault = document.RootElement.GetProperty("fault");
        Assert.False(document.RootElement.GetProperty("ok").GetBoolean());
        Assert.Equal(("edit", 3), (fault.GetProperty("kind").GetString(), fault.GetProperty("seq").GetInt64()));
        Assert.Equal(SampleChain.Hex(Chain.Entries[3].Hash), fault.GetProperty("expected").GetString());
    }

    [Fact]
    public void Json_OfAGoodExport_SaysWhatIsVerified()
    {
        var (code, json, _) = Run(Good, "-", "--jwks", _jwks, "--json");

        using var document = JsonDocument.Parse(json);
        var (root, checkpoint) = (document.RootElement, document.RootElement.GetProperty("checkpoints")[0]);
        Assert.Equal((0, true), (code, root.GetProperty("ok").GetBoolean()));
        Assert.Equal((0, 5), (root.GetProperty("from").GetInt64(), root.GetProperty("count").GetInt64()));
        Assert.Equal(SampleChain.Hex(Chain.Checkpoint(5).Root), root.GetProperty("root").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("fault").ValueKind);
        Assert.Equal((6, "v1"), (checkpoint.GetProperty("size").GetInt64(), checkpoint.GetProperty("key").GetString()));
    }

    [Fact]
    public void Receipt_IsVerifiedAloneOrWithAnExport()
    {
        var receipt = Write("r.tlog-proof", Encoding.UTF8.GetBytes(Chain.Receipt(2, 6)));
        var entry = Write("entry.json", [.. Chain.Entries[2].Bytes, (byte)'\n']);
        var other = Write("other.json", Chain.Entries[3].Bytes);

        Assert.Equal(0, Run(Good, "--jwks", _jwks, "--receipt", receipt, "--entry", entry).Code);
        var (code, output, _) = Run(Good, "-", "--jwks", _jwks, "--receipt", receipt, "--entry", entry);
        Assert.Equal(0, code);
        Assert.Contains("VERIFIED entries 0 to 4", output, StringComparison.Ordinal);
        Assert.Contains("VERIFIED the receipt of entry 2", output, StringComparison.Ordinal);
        var wrong = Run(Good, "--jwks", _jwks, "--receipt", receipt, "--entry", other);
        Assert.Equal(1, wrong.Code);
        Assert.StartsWith($"FAULT edit at entry 2, in {receipt}", wrong.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--jwks: is required", "-")]
    [InlineData("export: is required", "--jwks", "{jwks}")]
    [InlineData("--jwks: needs a file", "-", "--jwks", "--allow-revoked")]
    [InlineData("--checkpoint: needs a file", "-", "--jwks", "{jwks}", "--checkpoint")]
    [InlineData("--what: is no option", "-", "--what")]
    [InlineData("export: is given twice", "-", "other", "--jwks", "{jwks}")]
    [InlineData("--jwks: is given twice", "-", "--jwks", "{jwks}", "--jwks", "{jwks}")]
    [InlineData("--receipt: needs --entry", "--receipt", "{jwks}", "--jwks", "{jwks}")]
    [InlineData("--entry: needs --receipt", "-", "--entry", "{jwks}", "--jwks", "{jwks}")]
    [InlineData(
        "--checkpoint: needs an export",
        "--checkpoint", "{jwks}", "--receipt", "{jwks}", "--entry", "{jwks}", "--jwks", "{jwks}")]
    [InlineData("--jwks /none: ", "-", "--jwks", "/none")]
    [InlineData("export /none: ", "/none", "--jwks", "{jwks}")]
    [InlineData("--checkpoint {jwks}: A note has", "-", "--jwks", "{jwks}", "--checkpoint", "{jwks}")]
    [InlineData("--receipt {jwks}: A receipt has", "--jwks", "{jwks}", "--receipt", "{jwks}", "--entry", "{jwks}")]
    public void Run_ThatCannotBeDone_EndsWithTwoAndNamesTheOption(string error, params string[] args)
    {
        var given = args.Select(arg => arg.Replace("{jwks}", _jwks, StringComparison.Ordinal)).ToArray();

        var (code, output, errors) = Run(Good, given);
        var (jsonCode, json, _) = Run(Good, [.. given, "--json"]);

        Assert.Equal((2, 2), (code, jsonCode));
        Assert.StartsWith(error.Replace("{jwks}", _jwks, StringComparison.Ordinal), errors, StringComparison.Ordinal);
        Assert.Equal("", output);
        using var document = JsonDocument.Parse(json);
        Assert.NotEqual("", document.RootElement.GetProperty("error").GetString());
    }

    [Fact]
    public void Run_OfNothing_ShowsHowItIsUsed() =>
        Assert.Contains("usage: gatehouse-verifier", Run(Good).Errors, StringComparison.Ordinal);

    [Fact]
    public void Input_ThatIsNoExport_IsNotChecked()
    {
        foreach (var input in new[] { "", "\n", "{}\n", "no line feed", new string('\0', 1_000) })
        {
            var (code, _, errors) = Run(Encoding.UTF8.GetBytes(input), "-", "--jwks", _jwks);
            Assert.Equal((2, true), (code, errors.StartsWith("line 1: is not the manifest", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Input_WithoutEnd_TakesNoMoreMemory(bool isLine)
    {
        const long Length = 1L << 28;
        using Stream first = isLine ? new MemoryStream(Chain.Export(0, 5, 6).ToBytes()) : Stream.Null;
        using var input = new EndlessLine(first, Length);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var (code, output, _) = Run(input, "-", "--jwks", _jwks);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.Equal(isLine ? 1 : 2, code);
        Assert.Equal(isLine, output.StartsWith("FAULT insert at entry 5", StringComparison.Ordinal));
    }

    [Fact]
    public void Line_OfTheLargestLength_IsReadAndOneMoreIsNot()
    {
        var line = Encoding.UTF8.GetBytes(new string('x', ExportManifest.LineLengthMax + 1));
        using var stream = new MemoryStream([.. line, (byte)'\n', .. line[1..], (byte)'\n', (byte)'y', (byte)'\n', (byte)'z']);
        var reader = new LineReader(stream);

        Assert.True(reader.TryRead(out var tooLong));
        Assert.Equal(ExportManifest.LineLengthMax + 2, tooLong.Length);
        Assert.True(reader.TryRead(out var longest));
        Assert.Equal((ExportManifest.LineLengthMax + 1, 0), (longest.Length, longest[0]));
        Assert.True(reader.TryRead(out var shortest));
        Assert.Equal("\0y", Encoding.UTF8.GetString(shortest));
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.IsCut);
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static (int Code, string Output, string Errors) Run(byte[] input, params string[] args)
    {
        using var stream = new MemoryStream(input);
        return Run(stream, args);
    }

    private static (int Code, string Output, string Errors) Run(Stream input, params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (VerifierCommand.Run(args, () => input, output, errors), output.ToString(), errors.ToString());
    }
}

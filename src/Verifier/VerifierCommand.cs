using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Verifier;

/// <summary>One run: reads the files, verifies, and says what it found.</summary>
internal static class VerifierCommand
{
    private const int Verified = 0;
    private const int FaultFound = 1;
    private const int NotChecked = 2;

    /// <summary>Keys, checkpoints, receipts and entries are small: a larger file is another one.</summary>
    private const int SmallFileMax = 1 << 20;

    public static int Run(
        IReadOnlyList<string> args, Func<Stream> standardInput, TextWriter output, TextWriter errors)
    {
        try
        {
            var options = VerifierOptions.Parse(args);
            var reports = Verify(options, standardInput).ToList();
            var report = reports.FirstOrDefault(static one => one.Fault is not null) ?? Both(reports);
            if (options.Json)
            {
                report.WriteJson(output);
            }
            else
            {
                report.WriteText(output);
            }

            return report.Fault is null ? Verified : FaultFound;
        }
        catch (Exception broken) when (broken is UncheckedException or IOException)
        {
            errors.WriteLine(broken.Message);
            if (args.Contains("--json"))
            {
                VerifierReport.WriteError(output, broken.Message);
            }
            else if (args.Count == 0)
            {
                errors.WriteLine(VerifierOptions.Usage);
            }

            return NotChecked;
        }
    }

    private static IEnumerable<VerifierReport> Verify(VerifierOptions options, Func<Stream> standardInput)
    {
        var keys = Read("--jwks", options.Jwks, KeySetReader.Read);
        var verification = new ExportVerification(keys, options.AllowRevoked);
        if (options.Receipt is { } receipt)
        {
            var entry = Read("--entry", options.Entry!, static bytes => bytes);
            yield return Read("--receipt", receipt, bytes =>
                verification.Verify(Encoding.UTF8.GetString(bytes), entry, receipt));
        }

        if (options.Export is { } export)
        {
            var kept = options.Checkpoints.Select(path => (
                path, Read("--checkpoint", path, static bytes => SignedNote.Read(bytes).ToString()))).ToList();
            using var stream = export == "-" ? standardInput() : Open("export", export);
            yield return verification.Verify(stream, kept);
        }
    }

    private static VerifierReport Both(List<VerifierReport> reports) => reports[^1] with
    {
        Checkpoints = [.. reports.SelectMany(static one => one.Checkpoints)],
        ReceiptIndex = reports[0].ReceiptIndex,
    };

    private static T Read<T>(string option, string path, Func<byte[], T> read)
    {
        using var file = Open(option, path);
        if (file.CanSeek && file.Length > SmallFileMax)
        {
            throw new UncheckedException($"{option} {path}", $"has more than {SmallFileMax} bytes");
        }

        try
        {
            var bytes = new byte[SmallFileMax];
            return read(bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]);
        }
        catch (FormatException broken)
        {
            throw new UncheckedException($"{option} {path}", broken.Message);
        }
    }

    private static FileStream Open(string option, string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UncheckedException($"{option} {path}", broken.Message);
        }
    }
}

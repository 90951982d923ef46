using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Api;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Cli.Auditing;

/// <summary><c>gatehouse audit export</c>: a chain, or a part of it, into a file that is whole or not there.</summary>
internal static class ExportCommand
{
    private static readonly Argument<string> Tenant = new("tenant") { Description = "The tenant's id." };

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The file to write. One that is there is not overwritten.",
        HelpName = "file",
        Required = true,
    };

    private static readonly Option<string> Jwks = new("--jwks")
    {
        Description = "Writes the public keys, too, for 'audit verify'. Keys that you kept before say more.",
        HelpName = "file",
    };

    private static readonly Option<long?> From = new("--from")
    {
        Description = "The first entry. Default: the oldest that is kept.", HelpName = "seq",
    };

    private static readonly Option<long?> To = new("--to")
    {
        Description = "The entry behind the last. Default: the end.", HelpName = "seq",
    };

    public static Command Create(CommandFactory commands) => commands.Asks(
        new ExampleCommand(
            "export", "Writes the chain into a file (NDJSON) for 'audit verify'. Needs the scope audit:read.",
            "gatehouse audit export acme --output acme.ndjson --jwks acme-keys.json",
            "gatehouse audit export acme --from 0 --to 4096 -o first.ndjson")
        {
            Tenant, Output, Jwks, From, To,
        },
        RunAsync);

    private static async Task<int> RunAsync(Call call, CancellationToken cancellation)
    {
        var (tenant, output, jwks) = (call.Get(Tenant), call.Get(Output)!, call.Get(Jwks));
        foreach (var path in new[] { output, jwks }.OfType<string>().Where(File.Exists))
        {
            throw CommandFailure.Usage($"{path} is there already; nothing is overwritten");
        }

        using var api = call.OpenApi();
        var count = await WriteAsync(
            output, file => DownloadAsync(api, call, tenant, file, cancellation));
        if (jwks is not null)
        {
            var keys = await api.GetAsync(
                $"{GatehouseApi.Of(tenant, "keys", "jwks.json")}?revoked=include", cancellation);
            await WriteAsync(jwks, async file =>
            {
                await using var writer = new StreamWriter(file, leaveOpen: true);
                await writer.WriteLineAsync(keys.Text);
                return 0L;
            });
        }

        call.Write(
            new JsonObject { ["ok"] = true, ["file"] = output, ["entries"] = count, ["jwks"] = jwks },
            () => call.Terminal.WriteLine($"wrote {count} entries to {output}"
                + (jwks is null ? "" : $"; now: gatehouse audit verify {output} --jwks {jwks}")));
        return ExitCodes.Ok;
    }

    /// <summary>Writes beside the file first: what was cut off never has the name of something whole.</summary>
    private static async Task<long> WriteAsync(string path, Func<FileStream, Task<long>> write)
    {
        var part = $"{path}.part";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Options = FileOptions.Asynchronous,
            };
            if (!OperatingSystem.IsWindows())
            {
                // Who did what is for those who may read it, and they can be given it.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            long count;
            await using (var file = new FileStream(part, options))
            {
                count = await write(file);
            }

            File.Move(part, path, overwrite: false);
            return count;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"{path} cannot be written: {broken.Message}");
        }
        finally
        {
            if (File.Exists(part))
            {
                File.Delete(part);
            }
        }
    }

    private static async Task<long> DownloadAsync(
        GatehouseApi api, Call call, string tenant, FileStream file, CancellationToken cancellation)
    {
        var range = new[] { ("from", call.Get(From)), ("to", call.Get(To)) }.Where(static end => end.Item2 is not null)
            .Select(static end => FormattableString.Invariant($"{end.Item1}={end.Item2}"));
        using var response = await api.OpenAsync(
            $"{GatehouseApi.Of(tenant, "audit", "export")}?{string.Join('&', range)}", [], cancellation);
        var lines = new LineCount();
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            var buffer = new byte[1 << 16];
            for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
            {
                lines.Add(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        catch (Exception cut) when (cut is HttpRequestException or HttpIOException)
        {
            throw CommandFailure.Unreachable("the export was cut off: export again");
        }

        return lines.Entries == lines.Announced
            ? lines.Entries
            : throw CommandFailure.Unreachable(
                $"the export was cut off: {lines.Entries} of {lines.Announced} entries came: export again");
    }

    /// <summary>Counts entries against what the first line announces.</summary>
    private sealed class LineCount
    {
        private readonly List<byte> _first = [];
        private long _lines;

        public long Entries => Math.Max(0, _lines - 1);

        /// <summary>How many the manifest speaks of; -1 when the first line is no manifest.</summary>
        public long Announced => Read();

        public void Add(ReadOnlySpan<byte> bytes)
        {
            if (_lines == 0 && _first.Count <= ExportManifest.LineLengthMax)
            {
                var end = bytes.IndexOf((byte)'\n');
                _first.AddRange(end < 0 ? bytes : bytes[..end]);
            }

            _lines += bytes.Count((byte)'\n');
        }

        private long Read()
        {
            try
            {
                return JsonNode.Parse(_first.ToArray())?["count"]?.GetValue<long>() ?? -1;
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
            {
                return -1;
            }
        }
    }
}

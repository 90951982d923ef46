using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>A request as it goes over the wire; its parts are sent as they are, whatever is in them.</summary>
internal sealed record RawRequest
{
    private const int PlainMax = 400;

    public required ApiOperation Operation { get; init; }

    /// <summary>What was done to it, in words.</summary>
    public string What { get; init; } = "valid";

    public required string Method { get; init; }

    public required string Path { get; init; }

    public IReadOnlyList<string> Query { get; init; } = [];

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[]? Body { get; init; }

    /// <summary>Sent in chunks, without a length.</summary>
    public bool IsChunked { get; init; }

    /// <summary>Its path or method may lead to another operation, or to none.</summary>
    public bool Strays { get; init; }

    /// <summary>It may be no HTTP at all: then the server answers before anything of ours sees it.</summary>
    public bool MayBreakHttp { get; init; }

    /// <summary>It is larger than any route takes: the connection may be gone before its answer is read.</summary>
    public bool IsOversized => Body?.Length > 64 * 1024;

    public string Target => Query.Count == 0 ? Path : $"{Path}?{string.Join('&', Query)}";

    public byte[] ToBytes()
    {
        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\nHost: localhost\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        var size = (Body ?? []).Length.ToString(IsChunked ? "x" : "d", CultureInfo.InvariantCulture);
        head.Append(Body is null ? "\r\n"
            : IsChunked ? $"Transfer-Encoding: chunked\r\n\r\n{(Body.Length == 0 ? "" : $"{size}\r\n")}"
            : $"Content-Length: {size}\r\n\r\n");
        byte[] tail = !IsChunked || Body is null ? [] : Body.Length == 0 ? [.. "0\r\n\r\n"u8] : [.. "\r\n0\r\n\r\n"u8];
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. Body ?? [], .. tail];
    }

    /// <summary>A command that sends the same.</summary>
    public string ToCurl(Uri host)
    {
        var command = new StringBuilder($"curl -si --path-as-is --globoff -X {Method}");
        foreach (var (name, value) in Headers)
        {
            // Without a value, curl would take the header out.
            command.Append(" -H ").Append(Quoted(Encoding.Latin1.GetBytes(value.Length == 0 ? $"{name};" : $"{name}: {value}")));
        }

        if (IsChunked)
        {
            command.Append(" -H 'Transfer-Encoding: chunked'");
        }

        command.Append(' ').Append(Quoted(Encoding.Latin1.GetBytes($"{host.GetLeftPart(UriPartial.Authority)}{Target}")));
        return Body is null ? command.ToString()
            : Body.Length <= PlainMax ? $"base64 -d <<< '{Convert.ToBase64String(Body)}' | {command} --data-binary @-"
            : $"base64 -d <<< '{Convert.ToBase64String(Packed(Body))}' | gunzip | {command} --data-binary @-";
    }

    /// <summary>Large bodies are mostly one thing many times.</summary>
    private static byte[] Packed(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(body);
        }

        return packed.ToArray();
    }

    private static string Quoted(byte[] text) =>
        $"$'{string.Concat(text.Select(code => code is < 32 or > 126 or (byte)'\'' or (byte)'\\'
            ? $"\\x{code:x2}" : ((char)code).ToString()))}'";
}

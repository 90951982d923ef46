using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Tells two requests apart that have the same key: SHA-256 of method, path, query, content type and a hash of the
/// body, each behind its length, so that nothing can move from one part to the next.
/// </summary>
public static class RequestFingerprint
{
    private const int BufferLength = 16 * 1024;

    // RFC 2046, section 5.1.1.
    private const int BoundaryLengthMax = 70;

    /// <summary>Computes a fingerprint, hex.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path as it was, with its ids.</param>
    /// <param name="query">The query without <c>?</c>; its parameters may stand in any order.</param>
    /// <param name="contentType">The content type; its parameters do not count.</param>
    /// <param name="body">The body's bytes.</param>
    public static string Of(string method, string path, string query, string? contentType, ReadOnlySpan<byte> body) =>
        Of(method, path, query, contentType, SHA256.HashData(body));

    /// <summary>
    /// Computes the fingerprint of a request, hex, and leaves its body to be read again. Of a multipart body its parts
    /// count, not the boundary between them, which a client draws anew for every attempt. So they do of a form that was
    /// read before, as antiforgery does: its body is used up.
    /// </summary>
    /// <exception cref="BadHttpRequestException">The body is larger than the server takes, or broke off.</exception>
    public static async Task<string> OfAsync(HttpRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (request.HttpContext.Features.Get<IFormFeature>()?.Form is { } form)
        {
            await AddAsync(hash, form, cancellation);
        }
        else
        {
            await AddBodyAsync(hash, request, cancellation);
        }

        var body = hash.GetHashAndReset();
        return Of(request.Method, request.PathBase + request.Path, request.QueryString.Value?.TrimStart('?') ?? "",
            request.ContentType, body);
    }

    private static string Of(string method, string path, string query, string? contentType, byte[] bodyHash)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(query);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var all = new ArrayBufferWriter<byte>(512);
        Add(all, method.ToUpperInvariant());
        Add(all, path);
        Add(all, Canonical(query));
        Add(all, MediaType(contentType));
        all.Write(bodyHash);
        SHA256.HashData(all.WrittenSpan, hash);
        return Convert.ToHexStringLower(hash);
    }

    private static void Add(ArrayBufferWriter<byte> all, string part)
    {
        var buffer = all.GetSpan(sizeof(int) + Encoding.UTF8.GetMaxByteCount(part.Length));
        var length = Encoding.UTF8.GetBytes(part, buffer[sizeof(int)..]);
        BinaryPrimitives.WriteInt32BigEndian(buffer, length);
        all.Advance(sizeof(int) + length);
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }

    private static async Task AddAsync(IncrementalHash hash, Stream stream, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            int length;
            while ((length = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task AddBodyAsync(
        IncrementalHash hash, HttpRequest request, CancellationToken cancellation)
    {
        request.EnableBuffering();
        // Somebody may have read it before, and left it where it ends.
        request.Body.Position = 0;
        var boundary = Boundary(request.ContentType);
        if (boundary is null || !await TryAddPartsAsync(hash, boundary, request.Body, cancellation))
        {
            request.Body.Position = 0;
            await AddAsync(hash, request.Body, cancellation);
        }

        request.Body.Position = 0;
    }

    private static async Task AddAsync(IncrementalHash hash, IFormCollection form, CancellationToken cancellation)
    {
        foreach (var (name, values) in form)
        {
            foreach (var value in values)
            {
                Add(hash, "field"u8);
                Add(hash, Encoding.UTF8.GetBytes(name));
                Add(hash, Encoding.UTF8.GetBytes(value ?? ""));
            }
        }

        foreach (var file in form.Files)
        {
            Add(hash, "file"u8);
            await using var content = file.OpenReadStream();
            await AddPartAsync(hash, file.ContentDisposition, file.ContentType, content, cancellation);
        }
    }

    private static async Task AddPartAsync(
        IncrementalHash hash, string? disposition, string? type, Stream content, CancellationToken cancellation)
    {
        Add(hash, Encoding.UTF8.GetBytes(disposition ?? ""));
        Add(hash, Encoding.UTF8.GetBytes(type ?? ""));
        using var part = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await AddAsync(part, content, cancellation);
        Add(hash, part.GetHashAndReset());
    }

    private static string? Boundary(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase)
        && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 and <= BoundaryLengthMax } boundary
            ? boundary.Value
            : null;

    /// <summary>A body that says it has parts and has none is compared as the bytes that it is.</summary>
    private static async Task<bool> TryAddPartsAsync(
        IncrementalHash hash, string boundary, Stream body, CancellationToken cancellation)
    {
        try
        {
            var reader = new MultipartReader(boundary, body);
            while (await reader.ReadNextSectionAsync(cancellation) is { } section)
            {
                await AddPartAsync(
                    hash, section.ContentDisposition, section.ContentType, section.Body, cancellation);
            }

            return true;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            hash.GetHashAndReset();
            return false;
        }
    }

    /// <summary>Sorted by name; parameters of one name keep their order, which may mean something.</summary>
    private static string Canonical(string query) => query.Contains('&', StringComparison.Ordinal)
        ? string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .OrderBy(static parameter => parameter.Split('=')[0], StringComparer.Ordinal))
        : query;

#pragma warning disable CA1308 // Media types are written in lower case (RFC 9110, section 8.3.1).
    private static string MediaType(string? contentType) => contentType is null
        ? ""
        : contentType.Split(';')[0].Trim().ToLowerInvariant();
#pragma warning restore CA1308
}

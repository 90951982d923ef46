using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Tells two requests apart that have the same key: SHA-256 of method, path, query, content type and body, each behind
/// its length, so that nothing can move from one part to the next.
/// </summary>
public static class RequestFingerprint
{
    /// <summary>Computes a fingerprint, hex.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path as it was, with its ids.</param>
    /// <param name="query">The query without <c>?</c>; its parameters may stand in any order.</param>
    /// <param name="contentType">The content type; its parameters do not count.</param>
    /// <param name="body">The body's bytes.</param>
    public static string Of(string method, string path, string query, string? contentType, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(query);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, Encoding.UTF8.GetBytes(method.ToUpperInvariant()));
        Add(hash, Encoding.UTF8.GetBytes(path));
        Add(hash, Encoding.UTF8.GetBytes(Canonical(query)));
        Add(hash, Encoding.UTF8.GetBytes(MediaType(contentType)));
        Add(hash, body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }

    /// <summary>Sorted by name; parameters of one name keep their order, which may mean something.</summary>
    private static string Canonical(string query) => string.Join(
        '&', query.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .OrderBy(static parameter => parameter.Split('=')[0], StringComparer.Ordinal));

#pragma warning disable CA1308 // Media types are written in lower case (RFC 9110, section 8.3.1).
    private static string MediaType(string? contentType) =>
        (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
#pragma warning restore CA1308
}

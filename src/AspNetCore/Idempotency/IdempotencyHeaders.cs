using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>The headers of idempotent answers.</summary>
internal static class IdempotencyHeaders
{
    /// <summary><c>true</c>: nothing was done; this is the first answer.</summary>
    public const string Replayed = "Idempotent-Replayed";

    /// <summary><c>unrecorded</c>: it was done, and a repetition may not find this answer.</summary>
    public const string Status = "Idempotency-Status";

    /// <summary>What says what a body is. Never a secret: cookies and challenges are for one caller, once.</summary>
    private static readonly string[] Names =
        ["Content-Type", "Location", "ETag", "Link", "Content-Language", "Content-Encoding"];

    public static IReadOnlyDictionary<string, string> Kept(IHeaderDictionary headers) => Names
        .Where(headers.ContainsKey)
        .ToDictionary(static name => name, name => headers[name].ToString());
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.RateLimiting;

/// <summary>A limit that requests are held to.</summary>
internal sealed record RateLimit(string Policy, GatehouseRateLimitingOptions Options)
{
    private const int SubjectLengthMax = 256;

    /// <summary>Stands for all connections that have no address, such as those over a Unix socket.</summary>
    private const string NoAddress = "connection-without-address";

    public static RateLimit Of(string policy, Action<GatehouseRateLimitingOptions>? configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        var options = new GatehouseRateLimitingOptions();
        configure?.Invoke(options);
        return options.OnUnavailable is UnavailableRule.Deny or UnavailableRule.Allow
            ? new RateLimit(policy, options)
            : throw new ArgumentException("OnUnavailable must be Deny or Allow.", nameof(configure));
    }

    /// <summary>The name that counts; null: the address does.</summary>
    public string? Subject(HttpContext context)
    {
        var subject = Options.Subject?.Invoke(context);
        if (string.IsNullOrEmpty(subject))
        {
            return context.Connection.RemoteIpAddress is null ? NoAddress : null;
        }

        // Callers may choose names: one that Gatehouse refuses must not be a way around the limit.
        return subject.Length > SubjectLengthMax || subject.Any(char.IsControl)
            ? "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject)))
            : subject;
    }
}

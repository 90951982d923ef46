using System.ComponentModel.DataAnnotations;
using System.Net;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.Http;

/// <summary>The limits at the door, section <c>Gatehouse:Http</c>.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>Open connections. Default 10,000.</summary>
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>
    /// Requests per second from one client address, before anything else is looked at. Default 20,000; 0 switches it
    /// off.
    /// </summary>
    public int ClientRequestsPerSecond { get; set; } = 20_000;

    /// <summary>
    /// What one failed authentication costs of the client's requests per second. Default 200: at the default limit, 100
    /// guesses a second.
    /// </summary>
    public int FailedAuthenticationCost { get; set; } = 200;

    /// <summary>Requests per second of one tenant at this host. Default 50,000; 0 switches it off.</summary>
    public int TenantRequestsPerSecond { get; set; } = 50_000;

    /// <summary>
    /// The exact addresses of proxies whose <c>X-Forwarded-For</c> is believed. Default: none, so the client is the
    /// peer.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    internal IReadOnlySet<IPAddress> TrustedProxyAddresses => TrustedProxies
        .Select(text => ClientAddress.TryParse(text, out var address, out _) ? address : IPAddress.None).ToHashSet();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < TrustedProxies.Count; i++)
        {
            // A network would let anyone inside it choose the client's address.
            if (!ClientAddress.TryParse(TrustedProxies[i], out _, out var rule))
            {
                yield return new ValidationResult(
                    $"Gatehouse:Http:TrustedProxies:{i} {rule}; networks are not accepted.");
            }
        }

        if (ConnectionsMax < 1)
        {
            yield return new ValidationResult("Gatehouse:Http:ConnectionsMax must be 1 or more.");
        }

        if (ClientRequestsPerSecond < 0 || TenantRequestsPerSecond < 0)
        {
            yield return new ValidationResult(
                "Gatehouse:Http:ClientRequestsPerSecond and Gatehouse:Http:TenantRequestsPerSecond must be 0 or more.");
        }

        if (FailedAuthenticationCost < 1)
        {
            yield return new ValidationResult("Gatehouse:Http:FailedAuthenticationCost must be 1 or more.");
        }
    }
}

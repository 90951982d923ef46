using System.Diagnostics.CodeAnalysis;
using System.Net;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Microsoft.Extensions.Options;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Who the client is: the peer of the connection, unless the peer is a trusted proxy. Then the forwarded chain is
/// walked from the right, and the first hop that is not a trusted proxy is the client. What stands left of it, anyone
/// can write.
/// </summary>
internal sealed class ClientAddressResolver(IOptions<HttpOptions> options)
{
    public const string Header = "X-Forwarded-For";

    private const int HopsMax = 32;

    private readonly IReadOnlySet<IPAddress> _trusted = options.Value.TrustedProxyAddresses;

    public IPAddress Resolve(HttpContext context)
    {
        var peer = ClientAddress.Canonical(context.Connection.RemoteIpAddress ?? IPAddress.None);
        return _trusted.Count == 0 || !_trusted.Contains(peer) ? peer : Walk(context.Request, peer);
    }

    /// <summary>
    /// The client that an authenticated proxy states: as above, but the proxy's key vouches for the first entry from
    /// the right, wherever the proxy is. Null when that entry is missing or no address.
    /// </summary>
    public IPAddress? Stated(HttpRequest request) => Walk(request, null);

    [return: NotNullIfNotNull(nameof(client))]
    private IPAddress? Walk(HttpRequest request, IPAddress? client)
    {
        var lines = request.Headers[Header];
        var hops = 0;
        for (var line = lines.Count - 1; line >= 0; line--)
        {
            var rest = (lines[line] ?? "").AsSpan();
            while (!rest.IsEmpty || hops == 0)
            {
                var comma = rest.LastIndexOf(',');
                var entry = rest[(comma + 1)..].Trim();
                rest = comma < 0 ? default : rest[..comma];
                // An entry that is no address ends the walk: the last hop that is known for certain is the client.
                if (++hops > HopsMax || !ClientAddress.TryParse(entry.ToString(), out var hop, out _))
                {
                    return client;
                }

                client = hop;
                if (!_trusted.Contains(client))
                {
                    return client;
                }
            }
        }

        return client;
    }
}

using System.Net;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Cli.Doctor;

/// <summary>Who reaches the process, and whom it believes.</summary>
internal static class ExposureChecks
{
    public static IEnumerable<Finding> Of(SettingsFacts settings, ExposureFacts exposure)
    {
        IEnumerable<Finding?> all = settings.IsSilo
            ? [Health(exposure)]
            : [Listener(exposure), Admin(exposure), exposure.HealthAddress is null ? null : Health(exposure)];
        return all.OfType<Finding>().Concat(settings.IsSilo ? [] : Proxies(exposure));
    }

    private static Finding Listener(ExposureFacts exposure)
    {
        var open = exposure.Urls.Where(static url => !IsLoopbackUrl(url)).ToList();
        return open.Count == 0
            ? Finding.Ok("listener", $"on this machine only: {string.Join(", ", exposure.Urls)}")
            : exposure.AdminPort is not null
                ? Finding.Ok("listener", $"{string.Join(", ", open)}; /metrics is on the admin listener")
                : Finding.Warn(
                    "listener", $"/metrics can be read by whoever reaches {string.Join(", ", open)}",
                    "set Gatehouse:Admin:Port, or close /metrics in the proxy in front");
    }

    private static Finding Admin(ExposureFacts exposure) => exposure switch
    {
        { AdminPort: null } => Finding.Ok("admin listener", "none"),
        { AdminAddress: var address } when IsLoopback(address) =>
            Finding.Ok("admin listener", $"port {exposure.AdminPort}, on this machine only"),
        _ => Finding.Warn(
            "admin listener",
            $"port {exposure.AdminPort} is open at {exposure.AdminAddress}: it serves /metrics to anyone",
            "let only the monitoring reach it (network policy, firewall), or leave Gatehouse:Admin:Address unset"),
    };

    private static Finding Health(ExposureFacts exposure) => IsLoopback(exposure.HealthAddress)
        ? Finding.Ok("health listener", "on this machine only")
        : Finding.Warn(
            "health listener",
            $"open at {exposure.HealthAddress}: it serves /metrics without a credential to whoever reaches it",
            "let only probes and the monitoring reach it, or leave Gatehouse:Silo:HealthAddress at loopback");

    private static IEnumerable<Finding> Proxies(ExposureFacts exposure)
    {
        const string Check = "proxy trust";
        var count = 0;
        if (exposure.BelievesAnyProxy)
        {
            count++;
            yield return Finding.Fail(
                Check,
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED lets any client choose its own address; the host refuses it",
                "unset it, and name your proxies in Gatehouse:Http:TrustedProxies");
        }

        foreach (var proxy in exposure.TrustedProxies)
        {
            if (Doubt(proxy) is { } finding)
            {
                count++;
                yield return finding;
            }
        }

        if (count == 0)
        {
            yield return Finding.Ok(Check, exposure.TrustedProxies.Count == 0
                ? "none is trusted: the client is the peer of the connection"
                : $"{exposure.TrustedProxies.Count} exact addresses");
        }
    }

    private static Finding? Doubt(string proxy)
    {
        const string Check = "proxy trust";
        if (!ClientAddress.TryParse(proxy, out var address, out _))
        {
            return Finding.Fail(
                Check, $"'{proxy}' is no exact address: whoever is inside a network could choose its own address",
                "name each proxy by its address in Gatehouse:Http:TrustedProxies");
        }

        return IPAddress.IsLoopback(address)
            ? Finding.Warn(
                Check, $"{proxy} is this machine: every process on it can choose the address it counts as",
                "right only where the proxy runs here and nothing else does; else remove it")
            : address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                ? Finding.Warn(
                    Check, $"{proxy} is nobody's address: it trusts no proxy", "name each proxy by its own address")
            : null;
    }

    private static bool IsLoopback(string? address) =>
        string.IsNullOrEmpty(address) || (IPAddress.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed));

    private static bool IsLoopbackUrl(string url)
    {
        // '*' and '+' stand for all addresses, and are no host names.
        var text = url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal)
            .Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        return Uri.TryCreate(text, UriKind.Absolute, out var parsed) && parsed.IsLoopback;
    }
}

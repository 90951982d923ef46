using System.ComponentModel.DataAnnotations;
using System.Net;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>The addresses that are configured, in whichever way.</summary>
internal static class Listeners
{
    /// <exception cref="ValidationException">Another process has the port of one; the message names it.</exception>
    public static void RefuseTaken(IConfiguration configuration)
    {
        foreach (var (setting, url) in Urls(configuration))
        {
            var address = BindingAddress.Parse(url);
            if (!address.IsUnixPipe && !address.IsNamedPipe)
            {
                TakenPort.Refuse($"{setting} ({url})", Address(address.Host), address.Port);
            }
        }
    }

    private static IEnumerable<(string Setting, string Url)> Urls(IConfiguration configuration)
    {
        // As Kestrel has it: endpoints, where there are any, and else the list.
        var endpoints = configuration.GetSection("Kestrel:Endpoints");
        return endpoints.Exists()
            ? endpoints.GetChildren().Where(static endpoint => endpoint["Url"] is not null)
                .Select(static endpoint => ($"{endpoint.Path}:Url", endpoint["Url"]!))
            : (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
                .Select(static url => ("urls", url));
    }

    private static IPAddress Address(string host) => host.Trim('[', ']') switch
    {
        "localhost" => IPAddress.Loopback,
        var text when IPAddress.TryParse(text, out var address) => address,
        // A name that is none of an address means all of them.
        _ => IPAddress.Any,
    };
}

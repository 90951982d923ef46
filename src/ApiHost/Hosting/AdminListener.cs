using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Gatehouse.ApiHost.Http;
using Gatehouse.Silo;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>
/// Adds the listener for operators to the addresses that are configured, in whichever way: one that is added in code
/// makes Kestrel pass over all others.
/// </summary>
internal static class AdminListener
{
    private const string Endpoints = "Kestrel:Endpoints";

    /// <summary>Null when the settings ask for none.</summary>
    public static AdminPort? Add(WebApplicationBuilder builder, AdminOptions options)
    {
        if (options.Port is not { } wanted)
        {
            return null;
        }

        var address = options.Address is { } text ? IPAddress.Parse(text) : IPAddress.Loopback;
        var port = wanted == 0 ? FreePort(address) : wanted;
        var url = $"http://{new IPEndPoint(address, port)}";
        var endpoints = builder.Configuration.GetSection(Endpoints);
        if (endpoints.Exists())
        {
            RequireApart(port, endpoints.GetChildren().Select(endpoint => endpoint["Url"]));
            builder.Configuration[$"{Endpoints}:GatehouseAdmin:Url"] = url;
        }
        else
        {
            var urls = builder.Configuration["urls"]!.Split(';', StringSplitOptions.RemoveEmptyEntries);
            RequireApart(port, urls);
            builder.WebHost.UseUrls([.. urls, url]);
        }

        var admin = new AdminPort(port);
        builder.Services.AddSingleton(admin);
        builder.Services.AddHostedService<AdminListenerCheck>();
        return admin;
    }

    /// <summary>Whether that address is the listener's.</summary>
    public static bool Is(this AdminPort? admin, string url) => admin?.Number == BindingAddress.Parse(url).Port;

    private static void RequireApart(int port, IEnumerable<string?> urls)
    {
        if (urls.FirstOrDefault(url => url is not null && BindingAddress.Parse(url).Port == port) is { } same)
        {
            throw new ValidationException($"Gatehouse:Admin:Port must be another port than that of {same}.");
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>
/// Fails the start when Kestrel did not take the address, for whatever reason: metrics and the rest would be nowhere.
/// </summary>
internal sealed class AdminListenerCheck(IServer server, AdminPort admin) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken) =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.Any(admin.Is) is true
            ? Task.CompletedTask
            : throw new InvalidOperationException("Nothing listens on Gatehouse:Admin:Port.");

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

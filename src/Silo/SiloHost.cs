using System.ComponentModel.DataAnnotations;
using System.Net;
using Gatehouse.Silo.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Gatehouse.Silo;

/// <summary>Composes the silo's own process: a silo, and a small listener for probes and metrics.</summary>
internal static class SiloHost
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Configuration.AddGatehouseDefaults();
        var options = builder.Configuration.GetSection("Gatehouse").Get<GatehouseOptions>() ?? new GatehouseOptions();
        // A silo on its own always has its store outside; there is nothing to choose.
        options.Topology = Topology.CoHosted;
        // That is an API host's; here, what is for operators is at the health port.
        options.Admin.Port = null;
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);

        // Not ASPNETCORE_URLS: container images set it to all interfaces, and nothing asks for a credential here.
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options.Silo));
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(StoreAddress.From(options.Redis));
        builder.AddGatehouseSilo(options);
        builder.AddGatehouseTelemetry(Telemetry.SiloService, options);

        var app = builder.Build();
        // Now, and not by the host's start, which logs a wrong setting with a stack before it throws.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        TakenPort.Refuse("Gatehouse:Silo:HealthPort", HealthAddress(options.Silo), options.Silo.HealthPort);
        app.MapHealthProbes();
        app.MapHealthDependencies();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(ReadyLine(app, options)));
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, SiloOptions silo)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Listen(HealthAddress(silo), silo.HealthPort);
    }

    private static IPAddress HealthAddress(SiloOptions silo) =>
        silo.HealthAddress is { } text ? IPAddress.Parse(text) : IPAddress.Loopback;

    /// <summary>One line, so that who starts a silo can wait for it, and find the ports that were free.</summary>
    private static string ReadyLine(WebApplication app, GatehouseOptions options)
    {
        var endpoints = app.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        return $"Gatehouse silo is ready. region {options.Region}, " +
            $"silo {endpoints.AdvertisedIPAddress}:{endpoints.SiloPort}, gateway port {endpoints.GatewayPort}, " +
            $"health {app.Urls.First()}";
    }
}

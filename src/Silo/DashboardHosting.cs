using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace Gatehouse.Silo;

/// <summary>What a silo or a client has of the Orleans dashboard; the page itself is an API host's.</summary>
internal static class DashboardHosting
{
    public static ISiloBuilder UseDashboard(this ISiloBuilder silo, GatehouseOptions options)
    {
        if (options.HasDashboard)
        {
            return silo.AddDashboard(Configure);
        }

        // Its grains come with its assembly. A silo that does not take part must not be given one, by those that do.
        silo.Services.PostConfigure<GrainTypeOptions>(static grains =>
            grains.Classes.RemoveWhere(grain => grain.Assembly == typeof(DashboardOptions).Assembly));
        return silo;
    }

    public static IClientBuilder UseDashboard(this IClientBuilder client, GatehouseOptions options) =>
        options.HasDashboard ? client.AddDashboard(Configure) : client;

    // The log can name callers, and is read elsewhere.
    private static void Configure(DashboardOptions dashboard) => dashboard.HideTrace = true;
}

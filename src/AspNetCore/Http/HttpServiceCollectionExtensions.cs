using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.AspNetCore.Http;

/// <summary>Registers the client.</summary>
internal static class HttpServiceCollectionExtensions
{
    public static void AddGatehouseClient(this IServiceCollection services)
    {
        services.AddSingleton<GatehouseTransport>();
        services.AddSingleton(
            static provider => new GatehouseClient(provider.GetRequiredService<GatehouseTransport>()));
        services.AddTransient<AttemptHandler>();
        var client = services.AddHttpClient(GatehouseTransport.ClientName)
            // The pipeline has the deadlines.
            .ConfigureHttpClient(static client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler
            {
                // A redirection would turn a POST into a GET; a wrong address has to be seen.
                AllowAutoRedirect = false,
                UseCookies = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            })
            // Four lines for every check; what fails is said by whoever asked.
            .RemoveAllLoggers();
#pragma warning disable EXTEXP0001 // What a service sets for all its clients would repeat calls that must not be.
        client.RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
        client.AddResilienceHandler("calls", CallPipeline.Build);
        client.AddHttpMessageHandler<AttemptHandler>();
    }
}

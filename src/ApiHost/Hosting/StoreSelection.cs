using Gatehouse.Silo;
#if EMBEDDED_STORE
using Gatehouse.EmbeddedStore;
#endif

namespace Gatehouse.ApiHost.Hosting;

/// <summary>Chooses the store of a process that hosts a silo: the one outside, or the embedded one.</summary>
internal static class StoreSelection
{
    public static void AddStore(this IServiceCollection services, GatehouseOptions options)
    {
        if (!options.HasEmbeddedStore)
        {
            services.AddSingleton(StoreAddress.From(options.Redis));
            return;
        }

#if EMBEDDED_STORE
        services.AddSingleton(provider => EmbeddedRedis.Start(
            new EmbeddedRedisOptions { DataDirectory = Path.Combine(options.DataDirectory, "store") },
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider =>
            new StoreAddress(provider.GetRequiredService<EmbeddedRedis>().ConnectionString, NeedsCommit: true));
#else
        throw new InvalidOperationException(
            "This build has no embedded store. " +
            "Set Gatehouse:Redis:ConnectionString, or build with -p:EmbeddedStore=true.");
#endif
    }
}

using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Changes;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Grains.SigningKeys.Signing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>Registers key rings and those who sign with them.</summary>
internal static class SigningKeysServiceCollectionExtensions
{
    public static IServiceCollection AddSigningKeys(this IServiceCollection services)
    {
        services.AddOptions<SigningKeysOptions>().BindConfiguration("Gatehouse:SigningKeys")
            .ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SigningKeysOptions>, KekSettingCheck>());
        services.TryAddSingleton(static provider =>
            new KeyEncryptionKeys(provider.GetRequiredService<IOptions<SigningKeysOptions>>().Value));
        services.TryAddSingleton<IKeyRingStore, RedisKeyRingStore>();
        services.TryAddSingleton<KeyForge>();
        services.TryAddSingleton<SigningKeysMetrics>();
        services.TryAddSingleton<RevokedByConfiguration>();
        services.TryAddSingleton<RevocationWait>();
        services.TryAddSingleton<RingSigners>();
        services.TryAddSingleton<ISignatures>(static provider => provider.GetRequiredService<RingSigners>());
        services.AddSingleton<IChangeObserver>(static provider => provider.GetRequiredService<RingSigners>());
        services.AddSingleton(static provider => new RegionSweep(
            static (grains, region) => grains.KeyRings(region).WatchAsync(),
            provider.GetRequiredService<SigningKeysMetrics>().UpkeepFailed));
        return services.AddKeyRingDirectory();
    }

    /// <summary>For a client of silos: it verifies by itself, and has a silo sign.</summary>
    public static IServiceCollection AddRemoteSigning(this IServiceCollection services)
    {
        services.TryAddSingleton<ISignatures, RemoteSignatures>();
        return services.AddKeyRingDirectory();
    }

    private static IServiceCollection AddKeyRingDirectory(this IServiceCollection services)
    {
        services.TryAddSingleton<KeyUseMetrics>();
        services.TryAddSingleton<KeyRingDirectory>();
        return services.AddSingleton<IChangeObserver>(
            static provider => provider.GetRequiredService<KeyRingDirectory>());
    }
}

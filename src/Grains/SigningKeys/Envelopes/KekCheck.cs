using System.ComponentModel.DataAnnotations;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys.Envelopes;

/// <summary>
/// Refuses to start with a key-encryption key that does not open the stored rings: started all the same, the process
/// could not sign, and would wrap new keys under a key that nobody may have kept.
/// </summary>
internal sealed partial class KekCheck(IKeyRingStore store, KeyEncryptionKeys keks, ILogger<KekCheck> logger)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, IReadOnlyList<string>> rings;
        try
        {
            rings = await store.ReadKeksAsync();
        }
        catch (ServiceOverloadedException)
        {
            // A store that is away is no reason not to start; each envelope is checked again when it is opened.
            LogUnchecked();
            return;
        }

        var shut = rings.Where(ring => !ring.Value.All(keks.Has)).Select(ring => ring.Key)
            .Order(StringComparer.Ordinal).ToList();
        if (shut.Count > 0)
        {
            throw new ValidationException(
                $"Gatehouse:SigningKeys:Kek does not open {shut.Count} of the {rings.Count} stored key rings, the " +
                $"first of tenant {shut[0]}. Configure the key that they were wrapped with; to change it, name the " +
                "old one in Gatehouse:SigningKeys:PreviousKek until all are re-wrapped.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(4004, LogLevel.Warning,
        "The store does not answer: whether the key-encryption key opens the stored key rings is not known yet")]
    private partial void LogUnchecked();
}

/// <summary>Reads the key-encryption keys with the other settings, so that a wrong one is found with them.</summary>
internal sealed class KekSettingCheck : IValidateOptions<SigningKeysOptions>
{
    public ValidateOptionsResult Validate(string? name, SigningKeysOptions options)
    {
        try
        {
            _ = new KeyEncryptionKeys(options);
            return ValidateOptionsResult.Success;
        }
        catch (ValidationException broken)
        {
            return ValidateOptionsResult.Fail(broken.Message);
        }
    }
}

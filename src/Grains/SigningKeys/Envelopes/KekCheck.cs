using System.ComponentModel.DataAnnotations;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys.Envelopes;

/// <summary>
/// Refuses to start with a key-encryption key that does not open the stored rings: started all the same, the process
/// could not sign, and would wrap new keys under a key that nobody may have kept. Where the store does not answer at
/// the start, it is asked until it does, and a process with a wrong key stops then.
/// </summary>
internal sealed partial class KekCheck(
    IKeyRingStore store, KeyEncryptionKeys keks, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<KekCheck> logger) : BackgroundService
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private bool _isChecked;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await FaultAsync() is { } fault)
        {
            throw new ValidationException(fault);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_isChecked)
        {
            await Task.Delay(AgainAfter, time, stoppingToken);
            if (await FaultAsync() is { } fault)
            {
                LogWrong(fault);
                lifetime.StopApplication();
            }
        }
    }

    private async Task<string?> FaultAsync()
    {
        IReadOnlyDictionary<string, IReadOnlyList<string>> rings;
        try
        {
            rings = await store.ReadKeksAsync();
            _isChecked = true;
        }
        catch (ServiceOverloadedException)
        {
            return null;
        }

        var shut = rings.Where(ring => !ring.Value.All(keks.Has)).Select(ring => ring.Key)
            .Order(StringComparer.Ordinal).ToList();
        return shut.Count == 0
            ? null
            : $"Gatehouse:SigningKeys:Kek does not open {shut.Count} of the {rings.Count} stored key rings, the " +
                $"first of tenant {shut[0]}. Configure the key that they were wrapped with; to change it, name the " +
                "old one in Gatehouse:SigningKeys:PreviousKek until all are re-wrapped.";
    }

    [LoggerMessage(4004, LogLevel.Critical, "{Fault} This process stops")]
    private partial void LogWrong(string fault);
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

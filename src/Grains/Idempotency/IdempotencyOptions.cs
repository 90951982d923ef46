using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Idempotency;

/// <summary>Settings of idempotency keys, section <c>Gatehouse:Idempotency</c>.</summary>
internal sealed class IdempotencyOptions
{
    /// <summary>How long a key is known after its last step, unless the caller says otherwise. Default: 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00",
        ErrorMessage = "Gatehouse:Idempotency:Retention must be between 00:01:00 and 90.00:00:00.")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);
}

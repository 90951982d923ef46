using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Idempotency;

/// <summary>What is done about records of the older layout, <c>idempotency:{key}</c>.</summary>
internal enum LegacyLayout
{
    /// <summary>Nothing.</summary>
    Off = 0,

    /// <summary>Both are read, claims are made in both, and what only the older one has is brought over.</summary>
    ReadBoth = 1,

    /// <summary>Both are read, claims are made in the older one: for a way back.</summary>
    WriteOld = 2,
}

/// <summary>Settings of idempotency keys, section <c>Gatehouse:Idempotency</c>.</summary>
internal sealed class IdempotencyOptions
{
    /// <summary>
    /// How long a key is known at least after its last step, and after a claim has run out. Default: 24 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00",
        ErrorMessage = "Gatehouse:Idempotency:Retention must be between 00:01:00 and 90.00:00:00.")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Off (default), ReadBoth or WriteOld. Off and WriteOld must not be set on silos of one region at the same time;
    /// neither of the last two works where the regional Redis is a cluster.
    /// </summary>
    [EnumDataType(typeof(LegacyLayout),
        ErrorMessage = "Gatehouse:Idempotency:LegacyLayout must be Off, ReadBoth or WriteOld.")]
    public LegacyLayout LegacyLayout { get; set; }
}

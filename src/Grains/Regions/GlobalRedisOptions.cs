using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Regions;

/// <summary>The Redis that all regions reach, section <c>Gatehouse:GlobalRedis</c>.</summary>
internal sealed class GlobalRedisOptions
{
    /// <summary>As StackExchange.Redis reads it. Empty (default): this region knows of no other.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// How many regions there are at least, whether they are heard of or not: a global limit is never divided by fewer.
    /// Default 1.
    /// </summary>
    [Range(1, 1000, ErrorMessage = "Gatehouse:GlobalRedis:RegionsMin must be between 1 and 1000.")]
    public int RegionsMin { get; set; } = 1;

    /// <summary>
    /// How often the counts of a subject are exchanged while its use is above what a region may use silently. What one
    /// region admits in this time is the bound of what several can admit too much. Default 250 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:00:10",
        ErrorMessage = "Gatehouse:GlobalRedis:SyncInterval must be between 00:00:00.020 and 00:00:10.")]
    public TimeSpan SyncInterval { get; set; } = TimeSpan.FromMilliseconds(250);
}

using System.Text.Json.Serialization;

namespace Gatehouse.Grains.Abstractions.Membership;

/// <summary>The silos of one region, as the silo that answers sees them. The key is the region's name.</summary>
[Alias("cluster.grain")]
public interface IClusterGrain : IGrainWithStringKey
{
    /// <summary>Lists the silos and says whether the membership table is intact. Safe to retry.</summary>
    [Alias("view"), ResponseTimeout("00:00:05")]
    Task<ClusterView> ViewAsync();
}

/// <summary>Whether the table of members still is what the running silos go by.</summary>
[GenerateSerializer, Alias("cluster.table-verdict")]
[JsonConverter(typeof(StrictEnumConverter<TableVerdict>))]
public enum TableVerdict
{
    None = 0,

    /// <summary>The table names the silo that was asked.</summary>
    [JsonStringEnumMemberName("intact")] Intact = 1,

    /// <summary>
    /// The table was read and does not name it: it was deleted, emptied or replaced. Silos that start now form a second
    /// cluster beside this one.
    /// </summary>
    [JsonStringEnumMemberName("lost")] Lost = 2,

    /// <summary>The table cannot be read.</summary>
    [JsonStringEnumMemberName("unknown")] Unknown = 3,
}

/// <summary>Where a silo is in its life. The dead are not listed.</summary>
[GenerateSerializer, Alias("cluster.silo-phase")]
[JsonConverter(typeof(StrictEnumConverter<SiloPhase>))]
public enum SiloPhase
{
    None = 0,

    /// <summary>It starts, and has no grains yet.</summary>
    [JsonStringEnumMemberName("joining")] Joining = 1,

    /// <summary>It serves.</summary>
    [JsonStringEnumMemberName("active")] Active = 2,

    /// <summary>It is shutting down and gives its grains away.</summary>
    [JsonStringEnumMemberName("leaving")] Leaving = 3,
}

/// <summary>The silos of one region.</summary>
[GenerateSerializer, Immutable, Alias("cluster.view")]
public sealed record ClusterView
{
    [Id(0)] public required string Region { get; init; }

    [Id(1)] public required TableVerdict Table { get; init; }

    /// <summary>Those that are not dead: known to the silo that answers, or in the table.</summary>
    [Id(2)] public required IReadOnlyList<SiloView> Silos { get; init; }
}

/// <summary>One silo.</summary>
[GenerateSerializer, Immutable, Alias("cluster.silo-view")]
public sealed record SiloView
{
    /// <summary>Address, port and generation: a silo that is started anew has another one.</summary>
    [Id(0)] public required string Address { get; init; }

    [Id(1)] public required SiloPhase Status { get; init; }

    /// <summary>Whether the silo that answers has it in its cluster. False: it is a member of another one.</summary>
    [Id(2)] public required bool IsKnown { get; init; }

    /// <summary>Whether the membership table names it.</summary>
    [Id(3)] public required bool IsInTable { get; init; }

    /// <summary>When it was started, by its own clock; null when the table does not say.</summary>
    [Id(4)] public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it last wrote to the table, by its own clock; null when the table does not say.</summary>
    [Id(5)] public DateTimeOffset? AliveAt { get; init; }

    /// <summary>Grains in its memory; null when it did not answer.</summary>
    [Id(6)] public int? Activations { get; init; }
}

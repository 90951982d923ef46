using Gatehouse.Silo;
using Gatehouse.Silo.Health;

namespace Gatehouse.Cli.Doctor;

/// <summary>All that was found out, to be judged by <see cref="Diagnosis"/>.</summary>
internal sealed record DoctorFacts
{
    public required SettingsFacts Settings { get; init; }

    public required ExposureFacts Exposure { get; init; }

    public required KeyFacts Keys { get; init; }

    public IReadOnlyList<RedisUserFacts> RedisUsers { get; init; } = [];

    /// <summary>One for each server, whoever asked it.</summary>
    public IReadOnlyList<RedisServerFacts> RedisServers { get; init; } = [];

    /// <summary>Null: this process has none.</summary>
    public ArchiveFacts? Archive { get; init; }
}

/// <summary>The settings as the host would read them.</summary>
internal sealed record SettingsFacts
{
    public required Topology Topology { get; init; }

    /// <summary>Whether they are of a silo process.</summary>
    public bool IsSilo { get; init; }

    public required string Environment { get; init; }

    /// <summary>The rules that are broken, in the host's words.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    public IReadOnlyList<UnknownSetting> Unknown { get; init; } = [];

    /// <summary>Files that hold secrets and that others may read.</summary>
    public IReadOnlyList<string> OpenFiles { get; init; } = [];

    public bool IsDevelopment => Environment.Equals("Development", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A setting that no part of the product reads.</summary>
/// <param name="Name">As it was written.</param>
/// <param name="Closest">What may have been meant.</param>
internal sealed record UnknownSetting(string Name, string? Closest);

/// <summary>Where the process listens, and whom it believes.</summary>
internal sealed record ExposureFacts
{
    public IReadOnlyList<string> Urls { get; init; } = [];

    public string? AdminPort { get; init; }

    public string? AdminAddress { get; init; }

    public string? HealthAddress { get; init; }

    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    public bool BelievesAnyProxy { get; init; }
}

/// <summary>The keys that the process needs.</summary>
internal sealed record KeyFacts
{
    public string? AdminKey { get; init; }

    /// <summary>Names the key-encryption key; null when there is none that can be used.</summary>
    public string? KekId { get; init; }

    public string? PreviousKekId { get; init; }

    /// <summary>How many rings each key-encryption key wraps; null when the store could not be asked.</summary>
    public IReadOnlyDictionary<string, int>? RingsByKek { get; init; }
}

/// <summary>One user of a Redis, by one connection string.</summary>
internal sealed record RedisUserFacts
{
    public required IReadOnlyList<RedisRole> Roles { get; init; }

    /// <summary>Where, without credentials.</summary>
    public required string Address { get; init; }

    /// <summary>As whom; null: the default user.</summary>
    public string? User { get; init; }

    public bool HasTls { get; init; }

    public bool IsLoopback { get; init; }

    /// <summary>Why it cannot be reached; null when it can.</summary>
    public string? Failure { get; init; }

    /// <summary>What it cannot do without.</summary>
    public IReadOnlySet<RedisPermission> Needs { get; init; } = new HashSet<RedisPermission>();

    /// <summary>What it may do of what was asked for; null when that is not known.</summary>
    public IReadOnlyDictionary<RedisPermission, bool>? Permissions { get; init; }

    /// <summary>Why not.</summary>
    public string? PermissionsUnknown { get; init; }

    public string Name => User ?? "default";
}

/// <summary>One Redis server, as far as it says.</summary>
internal sealed record RedisServerFacts
{
    public required string Address { get; init; }

    public required IReadOnlyList<RedisRole> Roles { get; init; }

    /// <summary>What it says that it is, where that is not Redis.</summary>
    public string? OtherProduct { get; init; }

    public Version? Version { get; init; }

    public bool? AofEnabled { get; init; }

    public string? AofLastWriteStatus { get; init; }

    public string? AppendFsync { get; init; }

    public string? NoAppendFsyncOnRewrite { get; init; }

    /// <summary>Why the server's settings are not known; null when they are.</summary>
    public string? ConfigUnknown { get; init; }

    public string? EvictionPolicy { get; init; }

    public bool? IsReplica { get; init; }

    public int? Replicas { get; init; }

    public int? MinReplicasToWrite { get; init; }

    /// <summary>How far it may be away, as the health of a process has it.</summary>
    public TimeSpan SkewMax { get; init; } = new HealthOptions().ClockSkewMax;

    /// <summary>This clock minus the server's; null when it was not asked.</summary>
    public TimeSpan? Skew { get; init; }

    /// <summary>Whether anyone may use it, without a password; null when that could not be tried.</summary>
    public bool? IsOpen { get; init; }
}

/// <summary>The archive of the audit chains.</summary>
internal sealed record ArchiveFacts
{
    /// <summary>Where, without credentials.</summary>
    public required string Place { get; init; }

    /// <summary>Why it cannot be reached; null when it can.</summary>
    public string? Failure { get; init; }

    /// <summary>Why it cannot be written; null when it can.</summary>
    public string? WriteFailure { get; init; }

    public bool IsInRecovery { get; init; }

    public bool WillBeMade { get; init; }

    public bool IsReadableByOthers { get; init; }

    /// <summary>Whether what is sent crosses a network in the clear.</summary>
    public bool IsInTheClear { get; init; }
}

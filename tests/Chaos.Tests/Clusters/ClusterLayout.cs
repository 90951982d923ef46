namespace Gatehouse.Chaos.Tests.Clusters;

/// <summary>How many processes serve one region.</summary>
/// <param name="Silos">Processes of their own; 0: each API host brings a silo.</param>
/// <param name="Hosts">API hosts.</param>
internal sealed record ClusterLayout(int Silos, int Hosts)
{
    public string Region { get; init; } = "local";

    /// <summary>Whether the archive is a PostgreSQL; without it, a file that all silos share.</summary>
    public bool HasArchiveServer { get; init; }

    /// <summary>Whether Redis has a replica that can take over its address.</summary>
    public bool HasStandby { get; init; }

    /// <summary>Settings of every process, beside those that the layout needs.</summary>
    public Dictionary<string, string> Settings { get; init; } = [];
}

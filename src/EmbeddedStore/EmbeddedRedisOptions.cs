namespace Gatehouse.EmbeddedStore;

/// <summary>Where the embedded store keeps its data, and how much memory it may use for it.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>The folder of its files; made if it does not exist. One process at a time may use it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Memory of the main log. What does not fit goes to the data folder. Default: 64 MiB.</summary>
    public int MemoryMiB { get; init; } = 64;

    /// <summary>The port on the loopback interface. Default 0: any free port.</summary>
    public int Port { get; init; }
}

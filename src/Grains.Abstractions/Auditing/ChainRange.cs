namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>What the entries of a range have to be. Where it comes from has been verified before.</summary>
public sealed record ChainRange
{
    /// <summary>Whose chain.</summary>
    public required string Tenant { get; init; }

    /// <summary>The tree before the first entry.</summary>
    public required MerkleFrontier Frontier { get; init; }

    /// <summary>The hash that the first entry names.</summary>
    public required byte[] PrevHash { get; init; }

    /// <summary>How many entries.</summary>
    public required long Count { get; init; }

    /// <summary>The hash of the last one; zeros without entries.</summary>
    public required byte[] LastHash { get; init; }

    /// <summary>The root of the tree after the last one.</summary>
    public required byte[] Root { get; init; }

    /// <summary>How many entries of the chain are signed: one behind them is a fault.</summary>
    public required long SealedSize { get; init; }

    /// <summary>The place of the first one.</summary>
    public long From => Frontier.Size;

    /// <summary>The place after the last one.</summary>
    public long End => Frontier.Size + Count;

    internal Hash256 Last => Hash256.Of(LastHash);

    /// <summary>The range of an export.</summary>
    /// <param name="manifest">A manifest that is true of the checkpoint (<see cref="ExportManifest.FaultOf"/>).</param>
    /// <param name="checkpoint">Its checkpoint.</param>
    public static ChainRange Of(ExportManifest manifest, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new ChainRange
        {
            Tenant = manifest.Tenant,
            Frontier = manifest.Frontier,
            PrevHash = manifest.PrevHash,
            Count = manifest.Count,
            LastHash = manifest.LastHash,
            Root = manifest.Root,
            SealedSize = checkpoint.Size,
        };
    }
}

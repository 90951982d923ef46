namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>What is wrong with a chain or an export of it.</summary>
public enum ChainFaultKind
{
    /// <summary>Not set; never a fault.</summary>
    None = 0,

    /// <summary>An entry is not what was recorded.</summary>
    Edit = 1,

    /// <summary>Entries are missing between others.</summary>
    Delete = 2,

    /// <summary>There is a line that is no entry of the chain, or one more of an entry.</summary>
    Insert = 3,

    /// <summary>The entries stand in another order.</summary>
    Reorder = 4,

    /// <summary>Entries are missing at the end.</summary>
    Truncate = 5,

    /// <summary>The entries are a chain, and not the one that was signed.</summary>
    Fork = 6,

    /// <summary>A checkpoint is signed by no key of the chain.</summary>
    WrongKey = 7,

    /// <summary>A checkpoint is signed by a revoked key only.</summary>
    RevokedKey = 8,

    /// <summary>An entry lies behind all that is signed.</summary>
    Unsealed = 9,

    /// <summary>The first line of the export is not true of its entries or of its checkpoint.</summary>
    Manifest = 10,

    /// <summary>A checkpoint is not what its key signed, is none, or is of another chain.</summary>
    Checkpoint = 11,
}

/// <summary>The first fault that was found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Seq">
/// The place where it begins: the entry that was edited, the first missing one, the place of the extra line, the first
/// entry that no matching checkpoint vouches for. Null: it is of no entry.
/// </param>
/// <param name="Expected">What there should be.</param>
/// <param name="Actual">What there is.</param>
public sealed record ChainFault(ChainFaultKind Kind, long? Seq, string Expected, string Actual)
{
    /// <summary>The kind as documents and answers write it.</summary>
    public string KindName => Kind switch
    {
        ChainFaultKind.Edit => "edit",
        ChainFaultKind.Delete => "delete",
        ChainFaultKind.Insert => "insert",
        ChainFaultKind.Reorder => "reorder",
        ChainFaultKind.Truncate => "truncate",
        ChainFaultKind.Fork => "fork",
        ChainFaultKind.WrongKey => "wrong_key",
        ChainFaultKind.RevokedKey => "revoked_key",
        ChainFaultKind.Unsealed => "unsealed",
        ChainFaultKind.Manifest => "manifest",
        ChainFaultKind.Checkpoint => "checkpoint",
        _ => throw new System.Diagnostics.UnreachableException($"Kind {Kind}"),
    };
}

using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Grains.Auditing;

/// <summary>The regional store's part of the audit chains: entries in order, and the end of each chain.</summary>
internal interface IAuditStore
{
    /// <summary>Takes a chain over: nobody who took it over before can append to it from here on.</summary>
    /// <exception cref="FormatException">What is stored is not an end of a chain.</exception>
    Task<OpenedChain> OpenAsync(string tenant);

    /// <summary>Appends all or nothing, durably. Safe to repeat with the same arguments.</summary>
    Task<StoreAnswer> AppendAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries);

    /// <summary>
    /// Takes entries in that a store lost the end of: they were written, and the end that includes them was not.
    /// </summary>
    Task<StoreAnswer> RepairAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries);

    /// <summary>Lets nobody append any more until an operator has mended the chain.</summary>
    Task FreezeAsync(string tenant, string fault);

    /// <summary>Reads entries; fewer where there are fewer.</summary>
    Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count);
}

/// <summary>A chain as it was found.</summary>
/// <param name="Fence">What its present owner shows; each owner's is higher than the one before.</param>
/// <param name="End">The stored end.</param>
/// <param name="Stored">How many entries are stored: more, or fewer, than the end says where a write was torn.</param>
/// <param name="Frozen">Why nobody may append; null: anybody who owns it may.</param>
internal sealed record OpenedChain(long Fence, ChainEnd End, long Stored, string? Frozen = null);

/// <summary>What the store did.</summary>
internal enum StoreOutcome
{
    None = 0,

    /// <summary>Done now, or by the same call before.</summary>
    Done,

    /// <summary>Some of the ids are recorded already; nothing was done.</summary>
    Known,

    /// <summary>The chain ends elsewhere; nothing was done.</summary>
    Mismatch,

    /// <summary>Somebody else has taken the chain over; nothing was done.</summary>
    Fenced,

    /// <summary>The stored entries are not as many as the end says; nothing was done.</summary>
    Corrupt,

    /// <summary>Nobody may append; nothing was done.</summary>
    Frozen,
}

/// <summary>The store's answer.</summary>
/// <param name="Outcome">What it did.</param>
/// <param name="Known">For known ids: which of the entries, and where each is recorded.</param>
internal sealed record StoreAnswer(StoreOutcome Outcome, IReadOnlyDictionary<int, long> Known)
{
    public static StoreAnswer Of(StoreOutcome outcome) => new(outcome, new Dictionary<int, long>());
}

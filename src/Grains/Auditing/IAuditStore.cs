using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Auditing;

/// <summary>The regional store's part of the audit chains: entries in order, and the end of each chain.</summary>
internal interface IAuditStore
{
    /// <summary>Takes a chain over: nobody who took it over before can append to it from here on.</summary>
    /// <exception cref="FormatException">What is stored is not an end of a chain.</exception>
    Task<OpenedChain> OpenAsync(string tenant);

    /// <summary>Takes a chain over whose end cannot be read. Answers the fence.</summary>
    Task<long> FenceAsync(string tenant);

    /// <summary>Appends all or nothing, durably. Safe to repeat with the same arguments.</summary>
    Task<StoreAnswer> AppendAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries);

    /// <summary>
    /// Takes entries in that a store lost the end of: they were written, and the end that includes them was not.
    /// </summary>
    Task<StoreAnswer> RepairAsync(
        string tenant, long fence, ChainEnd before, ChainEnd next, IReadOnlyList<AuditEntry> entries);

    /// <summary>
    /// Lets nobody append any more until an operator has mended the chain; false when it is somebody else's.
    /// </summary>
    Task<bool> FreezeAsync(string tenant, long fence, string fault);

    /// <summary>Reads entries; fewer where there are fewer, none of those that were dropped.</summary>
    Task<IReadOnlyList<byte[]>> ReadAsync(string tenant, long from, int count);

    /// <summary>What it holds of the chain.</summary>
    Task<HeldRange> HeldAsync(string tenant);

    /// <summary>How many entries the chain has.</summary>
    Task<long> SizeAsync(string tenant);

    /// <summary>The last checkpoint; null: none yet.</summary>
    Task<SignedHead?> CheckpointAsync(string tenant);

    /// <summary>Publishes a checkpoint, unless its signer's ring is not the tenant's ring any more.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fence">The owner's.</param>
    /// <param name="head">The checkpoint.</param>
    /// <param name="signer">The ring that signed it.</param>
    Task<PublishOutcome> PublishAsync(string tenant, long fence, SignedHead head, KeyRingState signer);

    /// <summary>Drops the first segment that it still holds, if it begins and ends so; false otherwise.</summary>
    Task<bool> DropAsync(string tenant, long fence, long from, byte[] first, byte[] last);

    /// <summary>
    /// Forgets the ids of entries, but for those that name later ones: events that have them are recorded again from
    /// here on. Moves the place before which ids are forgotten; false when that is not <paramref name="from"/>, or the
    /// chain is somebody else's.
    /// </summary>
    Task<bool> ForgetAsync(string tenant, long fence, long from, long before, IReadOnlyList<AuditEntry> entries);

    /// <summary>
    /// Forgets all ids of a chain that is to be repaired. It is frozen from here on, whatever becomes of the repair:
    /// that makes the ids anew.
    /// </summary>
    Task<bool> ForgetAllAsync(string tenant, long fence, string fault);

    /// <summary>
    /// Knows ids again, of entries that follow one another; an id that is known already keeps its place.
    /// </summary>
    Task<bool> RememberAsync(string tenant, long fence, IReadOnlyList<AuditEntry> entries);

    /// <summary>
    /// Puts a chain back to an end; what the store held beyond it is gone afterwards, and the chain is not frozen.
    /// </summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fence">The owner's.</param>
    /// <param name="end">The end.</param>
    /// <param name="forgotten">The place before which ids are forgotten.</param>
    /// <param name="entries">The entries of the segment that the end lies in.</param>
    /// <param name="repair">What the chain has to record of it.</param>
    Task<bool> RestoreAsync(
        string tenant, long fence, ChainEnd end, long forgotten, IReadOnlyList<AuditEntry> entries, ChainRepair repair);

    /// <summary>Lets the chain's owner append again.</summary>
    /// <param name="tenant">Whose chain it is.</param>
    /// <param name="fence">The owner's.</param>
    /// <param name="forgotten">The place before which ids are forgotten.</param>
    /// <param name="repair">What the chain has to record of it.</param>
    Task<bool> UnfreezeAsync(string tenant, long fence, long forgotten, ChainRepair repair);

    /// <summary>Notes that a repair is recorded in the chain.</summary>
    Task RepairRecordedAsync(string tenant);

    /// <summary>The tenants whose chains have been appended to.</summary>
    Task<IReadOnlyList<string>> TenantsAsync();
}

/// <summary>A chain as it was found.</summary>
/// <param name="Fence">What its present owner shows; each owner's is higher than the one before.</param>
/// <param name="End">The stored end.</param>
/// <param name="Stored">How many entries are stored: more, or fewer, than the end says where a write was torn.</param>
/// <param name="Frozen">Why nobody may append; null: anybody who owns it may.</param>
internal sealed record OpenedChain(long Fence, ChainEnd End, long Stored, string? Frozen = null)
{
    /// <summary>Entries before this place are archived and not here any more.</summary>
    public long Dropped { get; init; }

    /// <summary>The ids of entries before this place are forgotten.</summary>
    public long Forgotten { get; init; }

    /// <summary>A repair that is not recorded in the chain yet; null: none.</summary>
    public ChainRepair? Repair { get; init; }

    /// <summary>The last checkpoint; null: none yet.</summary>
    public SignedHead? Signed { get; init; }

    /// <summary>Which changes of keys are recorded in the chain (<see cref="ChainRecords.Recorded"/>).</summary>
    public string KeysRecorded { get; init; } = "";
}

/// <summary>What was done to a frozen chain.</summary>
/// <param name="Size">The size with which it goes on.</param>
/// <param name="GivenUp">How many entries were given up.</param>
/// <param name="Fault">Why it was frozen.</param>
/// <param name="At">When it was repaired.</param>
internal sealed record ChainRepair(long Size, long GivenUp, string Fault, DateTimeOffset At);

/// <summary>What the store holds of a chain.</summary>
/// <param name="Dropped">Entries before this place are in the archive only.</param>
/// <param name="Forgotten">Ids of entries before this place are forgotten.</param>
internal sealed record HeldRange(long Dropped, long Forgotten);

/// <summary>What became of a checkpoint.</summary>
internal enum PublishOutcome
{
    None = 0,

    /// <summary>It is the chain's last one now.</summary>
    Done,

    /// <summary>The ring has changed since: sign again.</summary>
    StaleKey,

    /// <summary>Somebody else has taken the chain over.</summary>
    Fenced,

    /// <summary>The chain is shorter than that.</summary>
    Behind,

    /// <summary>A larger one is published already.</summary>
    Older,
}

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

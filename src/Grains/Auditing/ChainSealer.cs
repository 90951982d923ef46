using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.Auditing;

/// <summary>What the stores hold of a chain cannot be one chain: nothing may be added to it.</summary>
internal sealed class ChainDamagedException(string fault) : Exception(fault);

/// <summary>A chain as its owner has it.</summary>
/// <param name="Tenant">Whose chain it is.</param>
/// <param name="Fence">What the owner shows to the store.</param>
/// <param name="End">Its end, which is acknowledged.</param>
internal sealed record OwnedChain(string Tenant, long Fence, ChainEnd End);

/// <summary>
/// Archives chains and signs their heads, in this order: nothing is signed that is not in two stores, so that whatever
/// was signed can be put back.
/// </summary>
internal sealed class ChainSealer(
    IAuditStore store, IAuditArchive archive, ISignatures signatures, RegionClock clock, IOptions<RegionOptions> region,
    IOptions<AuditOptions> options)
{
    private const int AttemptsMax = 3;

    /// <summary>So many entries are archived at once: entries may be large, and others write meanwhile.</summary>
    private const int CopyMax = 1_024;

    /// <summary>
    /// Signs the chain's head, once all of it is archived. Throws <see cref="ChainDamagedException"/> when what is
    /// archived is not the beginning of the chain.
    /// </summary>
    /// <param name="chain">The chain.</param>
    /// <param name="ring">The ring that is to sign it.</param>
    /// <param name="last">The checkpoint before; null: none yet.</param>
    /// <returns>The checkpoint; null: the ring has changed meanwhile.</returns>
    public async Task<SignedHead?> SealAsync(OwnedChain chain, KeyRingState ring, SignedHead? last)
    {
        await CopyAsync(chain);
        if (await SignAsync(chain, ring, last) is not { } head)
        {
            return null;
        }

        switch (await store.PublishAsync(chain.Tenant, chain.Fence, head, ring))
        {
            case PublishOutcome.Done:
                Failpoint.Reach("audit.published");
                // The archive's copy is for whoever has lost the store; it gets the next one, if not this one.
                await archive.SignAsync(chain.Tenant, head);
                return head;
            case PublishOutcome.StaleKey:
                return null;
            case PublishOutcome.Behind:
                throw new ChainDamagedException($"the store holds fewer than the {head.Size} entries it acknowledged");
            default:
                throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
        }
    }

    /// <summary>
    /// Compares what is archived with what the store holds; an archive that does not answer now is asked before the
    /// next checkpoint.
    /// </summary>
    /// <returns>What is archived; null: the archive does not answer.</returns>
    public async Task<ArchivedChain?> CompareAsync(string tenant, ChainEnd end, long dropped)
    {
        ArchivedChain archived;
        try
        {
            archived = await archive.ReadChainAsync(tenant);
        }
        catch (ServiceOverloadedException)
        {
            return null;
        }

        var size = archived.End.Size;
        if (size > end.Size || size < dropped)
        {
            throw new ChainDamagedException(size > end.Size
                ? $"{size} entries are archived, and its store holds {end.Size}"
                : $"{size} entries are archived, and its store has dropped {dropped}");
        }

        if (size > dropped)
        {
            var last = await store.ReadAsync(tenant, size - 1, 1);
            if (last.Count == 0 || Convert.ToHexStringLower(MerkleTree.Leaf(last[0])) != archived.End.Hash)
            {
                throw new ChainDamagedException($"entry {size - 1} is not the one that is archived");
            }
        }

        return archived;
    }

    /// <summary>Archives all that is not archived yet.</summary>
    public async Task CopyAsync(OwnedChain chain)
    {
        var archived = (await archive.ReadChainAsync(chain.Tenant)).End;
        for (var lost = 0; archived.Size < chain.End.Size;)
        {
            var count = (int)Math.Min(CopyMax, chain.End.Size - archived.Size);
            var entries = await store.ReadAsync(chain.Tenant, archived.Size, count);
            if (entries.Count < count || AuditChain.Adopt(chain.Tenant, archived, entries) is not { } next)
            {
                throw new ChainDamagedException(
                    $"the {count} entries from {archived.Size} on do not follow those that are archived");
            }

            var tiles = await TilesAsync(chain, archived, entries);
            if (await archive.AppendAsync(chain.Tenant, archived, next, entries, tiles))
            {
                Failpoint.Reach("audit.archived");
                archived = next;
            }
            else if (++lost == AttemptsMax)
            {
                throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
            }
            else
            {
                // Another activation does the same; there is one chain, so it does not matter which of them is first.
                archived = (await archive.ReadChainAsync(chain.Tenant)).End;
            }
        }

        await MatchAsync(chain, archived);
    }

    private async Task<IReadOnlyList<AuditTile>> TilesAsync(
        OwnedChain chain, ChainEnd archived, IReadOnlyList<byte[]> entries)
    {
        var growing = await archive.ReadTilesAsync(chain.Tenant, TreeTiles.Growing(archived.Size));
        return TreeTiles.Append(archived.Size, growing, [.. entries.Select(static entry => MerkleTree.Leaf(entry))]);
    }

    private async Task MatchAsync(OwnedChain chain, ChainEnd archived)
    {
        if (archived.Size == chain.End.Size && archived.Hash == chain.End.Hash)
        {
            return;
        }

        var size = await store.SizeAsync(chain.Tenant);
        if (size < archived.Size || archived.Size == chain.End.Size)
        {
            throw new ChainDamagedException(
                $"{archived.Size} entries are archived, and its store is at {size} of another past");
        }

        // Somebody else has gone on from here.
        throw new ServiceOverloadedException(AuditOverloads.Fenced, Applied.No);
    }

    /// <returns>The signed head; null: the ring's active key may not sign any more.</returns>
    private async Task<SignedHead?> SignAsync(OwnedChain chain, KeyRingState ring, SignedHead? last)
    {
        var origin = Checkpoint.NameOf(options.Value.Deployment, region.Value.Region, chain.Tenant);
        var at = last is not null && clock.Now < last.SignedAt ? last.SignedAt : clock.Now;
        var (root, active) = (chain.End.Tree.Root(), ring.Active);
        var text = new Checkpoint(origin, chain.End.Size, root, at).Text;
        if (active is null)
        {
            throw new ServiceOverloadedException("audit_no_key", Applied.No);
        }

        var signed = await signatures.SignAsync(chain.Tenant, active.Number, [Encoding.UTF8.GetBytes(text)]);
        if (signed.Outcome is SignOutcome.Unreadable)
        {
            throw new ServiceOverloadedException("audit_no_key", Applied.No);
        }

        if (signed.Outcome is not SignOutcome.Done)
        {
            return null;
        }

        var signature = new NoteKey(origin, active.Algorithm, active.PublicKey).ToNote(signed.Signatures[0]);
        return new SignedHead(chain.End.Size, root, at, new SignedNote(text, [signature]).ToString());
    }
}

using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;

namespace Gatehouse.Grains.SigningKeys;

/// <summary>Re-wraps the rings of one region, one after the other.</summary>
[GrainType("key-rings")]
internal sealed class KeyRingsGrain(IKeyRingStore store, KeyEncryptionKeys keks) : Grain, IKeyRingsGrain
{
    public async Task<RewrapReport> RewrapAsync(int limit)
    {
        var due = (await store.ReadKeksAsync())
            .Where(ring => ring.Value.Any(id => id != keks.Current.Id)).Select(ring => ring.Key)
            .Order(StringComparer.Ordinal).ToList();
        var (rewrapped, unreadable) = (0, new List<string>());
        foreach (var tenant in due.Take(limit))
        {
            if ((await GrainFactory.KeyRing(tenant).RewrapAsync()).Outcome is KeyRingOutcome.Done)
            {
                rewrapped++;
            }
            else
            {
                unreadable.Add(tenant);
            }
        }

        return new RewrapReport
        {
            Kek = keks.Current.Id,
            Rewrapped = rewrapped,
            Unreadable = unreadable,
            Remaining = due.Count - rewrapped,
        };
    }
}

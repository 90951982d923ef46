using Gatehouse.Grains.Abstractions.SigningKeys;
using Orleans.Concurrency;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>Lets clients of silos sign: one on each silo, in front of that silo's signers.</summary>
[GrainType("signer"), StatelessWorker, Reentrant]
internal sealed class SignerGrain(RingSigners signers) : Grain, ISignerGrain
{
    public Task<SignResult> SignAsync(int? number, IReadOnlyList<byte[]> items)
    {
        var key = this.GetPrimaryKeyString();
        return signers.SignAsync(key[(key.IndexOf('/') + 1)..], number, items).AsTask();
    }
}

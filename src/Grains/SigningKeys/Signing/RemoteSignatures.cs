using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>Has a silo sign: for a process that hosts none, and has no key-encryption key.</summary>
internal sealed class RemoteSignatures(IGrainFactory grains) : ISignatures
{
    private const int Lanes = 16;

    private int _calls;

    public ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items)
    {
        var lane = (int)((uint)Interlocked.Increment(ref _calls) % Lanes);
        return new ValueTask<SignResult>(grains.Signer(tenant, lane).SignAsync(number, items));
    }
}

using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>Has a silo sign: for a process that hosts none, and has no key-encryption key.</summary>
internal sealed class RemoteSignatures(IGrainFactory grains) : ISignatures
{
    public ValueTask<SignResult> SignAsync(string tenant, int? number, IReadOnlyList<byte[]> items) =>
        new(grains.Signer(tenant).SignAsync(number, items));
}

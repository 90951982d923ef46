using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;

namespace Gatehouse.Grains.Tests.Simulation.Worlds;

/// <summary>What was signed, revoked and stored, held against docs/guarantees.md.</summary>
internal sealed class RingHistory
{
    private readonly Dictionary<int, long> _revokedAt = [];
    private readonly Dictionary<long, string> _acknowledged = [];
    private readonly List<(int Number, byte[] Item, byte[] Signature)> _signatures = [];
    private KeyRingState _seen = KeyRingState.Empty;

    /// <summary>The ring only goes forward, and one key at most signs.</summary>
    public void See(KeyRingState ring, Action<string> broken)
    {
        if (ring.Versions.Count(version => version.Status is KeyStatus.Active) > 1)
        {
            broken("two keys are active");
        }

        if (ring.Epoch < _seen.Epoch || (ring.Epoch == _seen.Epoch && ring.Stamp != _seen.Stamp))
        {
            broken($"epoch {_seen.Epoch} of the ring is followed by {ring.Epoch}");
        }

        foreach (var version in _seen.Versions)
        {
            var now = ring.Find(version.Number);
            if (now is null || now.Status < version.Status || !now.PublicKey.AsSpan().SequenceEqual(version.PublicKey)
                || (version.RevokedAt is not null && now.RevokedAt != version.RevokedAt))
            {
                broken($"v{version.Number} was {version.Status}, and is {now?.Status.ToString() ?? "gone"}");
            }
        }

        _seen = ring;
    }

    /// <summary>A change is done, and with it what it revoked.</summary>
    public void Acknowledge(KeyRingChange change, bool revokes, long nowTicks, Action<string> broken)
    {
        if (change.Ring.Epoch > 0 && !_acknowledged.TryAdd(change.Ring.Epoch, change.Ring.Version)
            && _acknowledged[change.Ring.Epoch] != change.Ring.Version)
        {
            broken($"two rings of epoch {change.Ring.Epoch} were acknowledged");
        }

        if (!revokes || change.Outcome is not KeyRingOutcome.Done)
        {
            return;
        }

        foreach (var version in change.Ring.Versions.Where(version => version.Status is KeyStatus.Revoked))
        {
            _revokedAt.TryAdd(version.Number, nowTicks);
        }
    }

    /// <summary>A signature has left.</summary>
    public void Signed(SignResult result, byte[] item, long nowTicks, Action<string> broken)
    {
        if (result.Outcome is not SignOutcome.Done)
        {
            return;
        }

        _signatures.Add((result.Number, item, result.Signatures[0]));
        // Signing takes no time here: what leaves later than the acknowledgement was begun later.
        if (_revokedAt.TryGetValue(result.Number, out var at) && at < nowTicks)
        {
            broken($"v{result.Number} signed {TimeSpan.FromTicks(nowTicks - at)} after its revocation was acknowledged");
        }
    }

    /// <summary>Whatever was signed verifies by the ring as it is now.</summary>
    public void Verify(KeyRingState ring, Action<string> broken)
    {
        foreach (var version in ring.Versions)
        {
            SignatureAlgorithm.TryFind(version.Algorithm, out var algorithm);
            var verifier = algorithm!.ImportPublic(version.PublicKey);
            if (_signatures.Any(signed => signed.Number == version.Number && !verifier.Verify(signed.Item, signed.Signature)))
            {
                broken($"a signature of v{version.Number} does not verify any more");
            }
        }

        if (_signatures.Any(signed => ring.Find(signed.Number) is null))
        {
            broken("a key that has signed is not in the ring");
        }
    }
}

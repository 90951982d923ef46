namespace Gatehouse.Grains.Abstractions.Auditing;

/// <summary>A public key of a chain.</summary>
/// <param name="Kid">Its name in the key set: the version.</param>
/// <param name="Algorithm">The algorithm's name.</param>
/// <param name="PublicKey">The public key, in the algorithm's own encoding.</param>
/// <param name="IsRevoked">Whether it is revoked.</param>
/// <param name="RevokedAt">When; null also for a revoked one of which that is not known.</param>
public sealed record ChainKey(
    string Kid, string Algorithm, byte[] PublicKey, bool IsRevoked = false, DateTimeOffset? RevokedAt = null);

/// <summary>What a checkpoint's note is worth.</summary>
/// <param name="Checkpoint">What it says; null: it is none.</param>
/// <param name="Kid">The key that vouches for it; null: none does.</param>
/// <param name="Fault">Why it is not to be trusted; null: it is.</param>
public sealed record CheckpointVerdict(Checkpoint? Checkpoint, string? Kid, ChainFault? Fault);

/// <summary>The public keys of a chain, which vouch for its checkpoints.</summary>
public sealed class ChainKeys(IReadOnlyList<ChainKey> keys)
{
    /// <summary>Verifies a checkpoint's note.</summary>
    /// <param name="text">The note.</param>
    /// <param name="allowRevoked">
    /// Whether a revoked key vouches for what says that it was signed before the revocation. Whoever stole the key may
    /// write any time.
    /// </param>
    public CheckpointVerdict Verify(string text, bool allowRevoked)
    {
        SignedNote note;
        Checkpoint checkpoint;
        try
        {
            note = SignedNote.Read(text);
            checkpoint = Checkpoint.Read(note.Text);
        }
        catch (FormatException broken)
        {
            return Refused(null, ChainFaultKind.Checkpoint, "a signed checkpoint", broken.Message);
        }

        if (!NoteSignature.IsName(checkpoint.Origin))
        {
            return Refused(checkpoint, ChainFaultKind.Checkpoint, "an origin without spaces", checkpoint.Origin);
        }

        return Verify(note, checkpoint, allowRevoked);
    }

    private CheckpointVerdict Verify(SignedNote note, Checkpoint checkpoint, bool allowRevoked)
    {
        ChainKey? good = null, revoked = null;
        foreach (var key in keys)
        {
            var verifier = new NoteKey(checkpoint.Origin, key.Algorithm, key.PublicKey);
            foreach (var signature in note.Signatures.Where(verifier.IsNamedBy))
            {
                // A signature by a key that is known has to be good: the note is not what was signed.
                if (!verifier.Verify(note.Text, signature))
                {
                    return Refused(checkpoint, ChainFaultKind.Checkpoint, $"a signature by {key.Kid}", "another text");
                }

                var isAllowed = !key.IsRevoked || (allowRevoked && checkpoint.SignedAt < key.RevokedAt);
                (good, revoked) = isAllowed ? (good ?? key, revoked) : (good, revoked ?? key);
            }
        }

        return good is not null ? new CheckpointVerdict(checkpoint, good.Kid, null)
            : revoked is not null ? Refused(
                checkpoint, ChainFaultKind.RevokedKey, "a signature by a key that is not revoked",
                $"{revoked.Kid}, revoked at "
                    + (revoked.RevokedAt is { } time ? UtcMilliseconds.ToText(time) : "some time"))
            : Refused(
                checkpoint, ChainFaultKind.WrongKey, "a signature by a key of the set",
                string.Join(", ", note.Signatures.Select(static one => $"{one.Name} {one.KeyId:x8}")));
    }

    private static CheckpointVerdict Refused(
        Checkpoint? checkpoint, ChainFaultKind kind, string expected, string actual) =>
        new(checkpoint, null, new ChainFault(kind, null, expected, actual));
}

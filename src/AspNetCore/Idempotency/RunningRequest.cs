using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>A request that has begun, and what is known of its effect.</summary>
internal sealed class RunningRequest(ClaimKey key, long epoch) : IIdempotentRequest
{
    /// <summary>How to say that nobody knows: an answer that is one.</summary>
    private static readonly KeptResponse Unknown = new() { Status = 500 };

    private EffectKind _effect;

    public ClaimKey Key => key;

    // Each part behind its length, so that nothing can move from one to the next.
    public string KeyToHandOn => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture,
            $"{key.Scope?.Length ?? -1}:{key.Scope}{key.Endpoint.Length}:{key.Endpoint}{key.Key}"))));

    public long Epoch => epoch;

    public void HadNoEffect() => _effect = EffectKind.None;

    public void HadUnknownEffect() => _effect = EffectKind.Unknown;

    /// <summary>How the claim ends; without an answer, the key is given back.</summary>
    public ClaimStep Step(KeptResponse answer, bool keepsRefusals) => _effect switch
    {
        EffectKind.None => new ClaimStep(key, epoch, null),
        EffectKind.Unknown => new ClaimStep(key, epoch, Unknown),
        _ when answer.Status is >= 400 and < 500 && !keepsRefusals => new ClaimStep(key, epoch, null),
        _ => new ClaimStep(key, epoch, answer),
    };

    /// <summary>How the claim ends behind an exception.</summary>
    public ClaimStep Failed(bool hadNoEffect)
    {
        var isWithout = _effect is EffectKind.None || (hadNoEffect && _effect is not EffectKind.Unknown);
        return new ClaimStep(key, epoch, isWithout ? null : Unknown);
    }

    private enum EffectKind
    {
        /// <summary>The answer says it.</summary>
        AsAnswered = 0,

        None = 1,

        Unknown = 2,
    }
}

/// <summary>The end of a claim, to be told.</summary>
/// <param name="Key">Whose claim it is.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Response">The answer to keep; null: the key is given back.</param>
internal sealed record ClaimStep(ClaimKey Key, long Epoch, KeptResponse? Response)
{
    public Task<ClaimEnd> TellAsync(IIdempotencyClaims claims, CancellationToken cancellation) => Response is null
        ? claims.ReleaseAsync(Key, Epoch, cancellation)
        : claims.CompleteAsync(Key, Epoch, Response, cancellation);
}

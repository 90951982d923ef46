namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// The claim that a running request has: <c>HttpContext.Features.Get&lt;IIdempotentRequest&gt;()</c>. Null where the
/// request has no key.
/// </summary>
public interface IIdempotentRequest
{
    /// <summary>Names the claim. Of another caller, or for another endpoint, the same key is another claim.</summary>
    ClaimKey Key { get; }

    /// <summary>
    /// Names the claim in one word, 64 hexadecimal digits. Handed on as <c>Idempotency-Key</c>, it makes the calls
    /// idempotent that are made for this request: it is the same whenever the request is started again, and no other
    /// claim's. A request that makes several calls of one endpoint adds which one it is.
    /// </summary>
    string KeyToHandOn { get; }

    /// <summary>Counts how often the request was started: above 1, it is started again.</summary>
    long Epoch { get; }

    /// <summary>
    /// Says that nothing was done, whatever is answered: the key is given back, and the request may be sent again.
    /// </summary>
    void HadNoEffect();

    /// <summary>Says that nobody knows whether anything was done, whatever is answered.</summary>
    void HadUnknownEffect();
}

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// An endpoint whose effect happens once for each <c>Idempotency-Key</c>: a repeated request gets the first answer.
/// Needs <c>app.UseGatehouseIdempotency()</c>, behind authentication; a service that forgets it does not start. Of GET,
/// HEAD and OPTIONS nothing is kept.
/// </summary>
/// <remarks>
/// For answers that end: one of more than 256 KiB, or one that is sent while it is made (<c>DisableBuffering</c>),
/// reaches its caller, and repetitions are told that it is not kept. All others are held back until they are recorded.
/// </remarks>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class IdempotentAttribute : Attribute
{
    /// <summary>
    /// What becomes of a request of which nobody knows how it ended. Default: it is not started again.
    /// </summary>
    public AbandonedClaim Abandoned { get; set; } = AbandonedClaim.Hold;

    /// <summary>
    /// How long a claim lasts without being renewed, seconds, 1 to 3,600. Default: 60. It is renewed while the request
    /// is running, so it is about how soon a crash is noticed.
    /// </summary>
    public int LeaseSeconds { get; set; } = 60;

    /// <summary>Whether a request without a key is refused (400). Default: no, it is just not idempotent.</summary>
    public bool IsKeyRequired { get; set; }

    /// <summary>
    /// Whether the answer's body is kept. Default: yes. No is for answers that hold secrets: repetitions are told that
    /// it was done (409), not what was answered.
    /// </summary>
    public bool KeepsBody { get; set; } = true;

    /// <summary>
    /// Whether 4xx answers are kept. Default: yes, as they may follow an effect. No is for an endpoint that refuses
    /// before it does anything: the request may then be sent again with the same key once it is allowed.
    /// </summary>
    public bool KeepsRefusals { get; set; } = true;
}

using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.SigningKeys.Checkers;

internal enum KeyStep
{
    None = 0,
    Sign,
    Rotate,
    Promote,
    Revoke,
}

internal enum KeyOutcome
{
    None = 0,

    /// <summary>200: it is done, and was when the answer was sent.</summary>
    Done,

    /// <summary>Certainly not done.</summary>
    NotApplied,

    /// <summary>Nobody but the ring knows.</summary>
    Unknown,
}

/// <summary>One call of the signing-key routes, as its client saw it.</summary>
internal sealed record KeyCall(KeyStep Step, TimeSpan Start, TimeSpan End, KeyOutcome Outcome) : IOperation
{
    /// <summary>Which version signed, was made, or was changed.</summary>
    public string? Version { get; init; }

    /// <summary>What was signed, base64.</summary>
    public string? Data { get; init; }

    /// <summary>Of a call to sign that was done.</summary>
    public string? Signature { get; init; }

    public override string ToString() => $"{Step} {Version}: {Outcome} {Data}";
}

/// <summary>One version of the ring, as it is when all is over.</summary>
internal sealed record RingVersion(string Version, string Status);

/// <summary>What the service says of one signature when all is over.</summary>
internal sealed record SignatureFinding(KeyCall Signed, bool IsValid, string Status);

using System.Diagnostics;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.ApiHost.SigningKeys;

/// <summary>What the endpoints of signing keys answer alike.</summary>
internal static class KeyAnswers
{
    private const string Unspecified = "unspecified";
    private const int ReasonLengthMax = 256;

    /// <summary>The answer to a change; then this process knows the new ring from here on.</summary>
    public static IResult Conclude(this KeyRingDirectory rings, KeyRingChange change, HttpResponse response)
    {
        rings.Publish(change.Ring);
        if (Fault(change) is { } problem)
        {
            return problem;
        }

        ETags.Write(response, change.Ring.ETag);
        return TypedResults.Ok(KeyResponse.From(change.Ring.Find(change.Number)!));
    }

    public static string ReasonOf(string? reason, out Problem? problem)
    {
        problem = FreeText.Fault("reason", reason, ReasonLengthMax) is { } fault ? Problems.Invalid([fault]) : null;
        return reason ?? Unspecified;
    }

    private static Problem? Fault(KeyRingChange change) => change.Outcome switch
    {
        KeyRingOutcome.Done => null,
        KeyRingOutcome.NotFound => Problems.KeyVersionNotFound(),
        KeyRingOutcome.WrongStatus => Problems.KeyWrongStatus(
            KeyVersions.Name(change.Number), KeyStatuses.Tag(change.Ring.Find(change.Number)!.Status)),
        KeyRingOutcome.TooEarly => Problems.KeyTooEarly(),
        KeyRingOutcome.PreconditionFailed => Problems.PreconditionFailed(),
        KeyRingOutcome.TooMany => Problems.TooMany(),
        KeyRingOutcome.Unreadable => Problems.KeyUnreadable(),
        _ => throw new UnreachableException($"Outcome {change.Outcome}"),
    };
}

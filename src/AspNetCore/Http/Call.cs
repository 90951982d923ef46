namespace Gatehouse.AspNetCore.Http;

/// <summary>One call from its first attempt to its last; it travels with the request.</summary>
internal sealed class Call(CallLimits limits, TimeSpan wait, TimeProvider time)
{
    private static readonly HttpRequestOptionsKey<Call> Key = new("Gatehouse.Call");
    private readonly long _began = time.GetTimestamp();

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan AttemptTimeout { get; } = limits.AttemptTimeout + wait;

    /// <summary>How long all of them may take.</summary>
    public TimeSpan TotalTimeout { get; } = limits.TotalTimeout + wait;

    /// <summary>How often it may be tried.</summary>
    public int AttemptsMax { get; } = limits.AttemptsMax;

    /// <summary>What is left of the total time.</summary>
    public TimeSpan Left => TotalTimeout - time.GetElapsedTime(_began);

    /// <summary>How long to wait for the next attempt.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Whether an attempt may have had its effect although nobody said so.</summary>
    public bool MaybeApplied { get; set; }

    public static Call? Of(HttpRequestMessage? request) =>
        request is not null && request.Options.TryGetValue(Key, out var call) ? call : null;

    public void TravelWith(HttpRequestMessage request) => request.Options.Set(Key, this);
}

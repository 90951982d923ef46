using Gatehouse.Chaos.Tests.Histories;

namespace Gatehouse.Chaos.Tests.Http;

/// <summary>One request, and what its client saw of it.</summary>
internal sealed record HttpCall : IOperation
{
    public required string Region { get; init; }

    /// <summary>The process that was asked.</summary>
    public required int Process { get; init; }

    /// <summary>Method and path template, as the OpenAPI document writes them.</summary>
    public required string Route { get; init; }

    public required TimeSpan Start { get; init; }

    public TimeSpan End { get; init; }

    /// <summary>Null: no answer. The client gave up, or the connection broke.</summary>
    public int? Status { get; init; }

    /// <summary>Whether the body is a problem (RFC 9457) of this API: type, title, status and code.</summary>
    public bool IsProblem { get; init; }

    public string? Code { get; init; }

    /// <summary>What an overloaded service says of the call: yes, no or unknown.</summary>
    public string? Applied { get; init; }

    /// <summary>Whole seconds (RFC 9110); null when there is none, or another form.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The body of an answer that is an error.</summary>
    public string? Detail { get; init; }

    public bool IsOverloaded => Status == 429 && Code == "service_overloaded";

    /// <summary>It had no effect, for certain.</summary>
    public bool IsNotApplied => (Status is >= 400 and < 500 && Status != 429)
        || (Status == 429 && (Applied == "no" || Code != "service_overloaded"));

    /// <summary>Whether nobody but the service knows what became of it.</summary>
    public bool IsUnknown => Status is null or >= 500 || (IsOverloaded && Applied != "no");

    public override string ToString() =>
        $"{Region} process {Process} {Route} {Status} {Code} ({(End - Start).TotalMilliseconds:0.0} ms) {Detail}";
}

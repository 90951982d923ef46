using System.Text.Json;

namespace Gatehouse.AspNetCore.Http;

/// <summary>An error answer of Gatehouse (RFC 9457).</summary>
internal sealed record ProblemDocument
{
    /// <summary>Names the kind of problem.</summary>
    public string? Type { get; init; }

    /// <summary>Stable: the one member to program against.</summary>
    public required string Code { get; init; }

    /// <summary>What is wrong with this call.</summary>
    public string? Detail { get; init; }

    /// <summary>Of an overload: what is overloaded.</summary>
    public string? Reason { get; init; }

    /// <summary>Of an overload: no or unknown.</summary>
    public string? Applied { get; init; }

    /// <summary>When to try again, with jitter.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>The fields that break a rule.</summary>
    public IReadOnlyList<FieldDocument>? Errors { get; init; }

    /// <summary>Reads one; null: it is none.</summary>
    public static ProblemDocument? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, GatehouseJson.Wire.ProblemDocument);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A field that breaks a rule.</summary>
internal sealed record FieldDocument(string? Field, string? Rule);

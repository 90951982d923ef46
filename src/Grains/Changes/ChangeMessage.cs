using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Grains.Changes;

/// <summary>
/// One message of the change channel. Each is a heartbeat too. Names are short: most messages hold nothing else.
/// </summary>
internal sealed record ChangeMessage
{
    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    /// <summary>Names the process that sends, anew at each start.</summary>
    [JsonPropertyName("from")]
    public required string Sender { get; init; }

    /// <summary>How many messages with changes this process has sent, this one included.</summary>
    [JsonPropertyName("n")]
    public long Sequence { get; init; }

    /// <summary>When it was sent, by the sender's own clock: means something to the sender only.</summary>
    [JsonPropertyName("at")]
    public long SentAt { get; init; }

    /// <summary>The sender never announces changes: it measures its own way to the store and back.</summary>
    [JsonPropertyName("echo")]
    public bool IsEcho { get; init; }

    /// <summary>The sender stops, and announces nothing any more.</summary>
    [JsonPropertyName("bye")]
    public bool IsLast { get; init; }

    /// <summary>There were more changes than a message holds.</summary>
    [JsonPropertyName("all")]
    public bool Everything { get; init; }

    /// <summary>Keys of subjects whose use went down.</summary>
    [JsonPropertyName("subjects")]
    public IReadOnlyCollection<string>? Subjects { get; init; }

    /// <summary>Tenants whose documents changed, and the versions they are at.</summary>
    [JsonPropertyName("tenants")]
    public IReadOnlyDictionary<string, string>? Tenants { get; init; }

    /// <summary>Tenants whose key rings changed, and the versions they are at.</summary>
    [JsonPropertyName("rings")]
    public IReadOnlyDictionary<string, string>? Rings { get; init; }

    [JsonIgnore]
    public bool HasChanges =>
        Everything || Subjects is { Count: > 0 } || Tenants is { Count: > 0 } || Rings is { Count: > 0 };

    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ChangeMessage? message)
    {
        try
        {
            message = JsonSerializer.Deserialize<ChangeMessage>(bytes, Json);
        }
        catch (JsonException)
        {
            message = null;
        }

        // JSON can put a null where the type says string.
        return message is { Sender: not null }
            && message.Subjects?.Contains(null!) is not true
            && message.Tenants?.Values.Contains(null) is not true
            && message.Rings?.Values.Contains(null) is not true;
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}

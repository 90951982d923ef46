using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.AspNetCore.Http;

/// <summary>
/// How calls are written and answers are read: fields that a newer Gatehouse adds to its answers do no harm.
/// </summary>
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(DecisionDocument))]
[JsonSerializable(typeof(AuditEvent))]
[JsonSerializable(typeof(ReceiptsDocument))]
[JsonSerializable(typeof(BeginDocument))]
[JsonSerializable(typeof(BegunDocument))]
[JsonSerializable(typeof(CompleteDocument))]
[JsonSerializable(typeof(ReleaseDocument))]
[JsonSerializable(typeof(RenewDocument))]
internal sealed partial class GatehouseJson : JsonSerializerContext
{
    /// <summary>
    /// Letters as they are: bodies are JSON and nothing else, and escapes could make texts larger than they may be.
    /// </summary>
    public static GatehouseJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

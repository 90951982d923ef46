using System.Text.Json;
using Orleans.Storage;

namespace Gatehouse.Silo;

/// <summary>
/// Grain state as plain JSON: readable by an operator, and by a version that has more fields than the one that wrote
/// it.
/// </summary>
internal sealed class JsonStateSerializer : IGrainStorageSerializer
{
    // A null where there must be something is damage: refused here, or it is a defect of whoever comes upon it.
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, Options));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input, Options)
        ?? throw new JsonException("There is no state in it.");
}

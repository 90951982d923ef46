using System.Text.Json.Serialization;

namespace Gatehouse.Grains.Abstractions;

/// <summary>
/// Enums are words in JSON. A number is an error: it would tie callers to the order of a declaration.
/// </summary>
public sealed class StrictEnumConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>
/// Generated code for the hot path's one type. The other types are read by reflection: generated code would forget the
/// defaults of init-only members, which policies are made of.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CheckRequest))]
internal sealed partial class CheckJson : JsonSerializerContext;

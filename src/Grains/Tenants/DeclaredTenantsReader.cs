using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.RateLimiting;

namespace Gatehouse.Grains.Tenants;

/// <summary>
/// Reads declared tenants. A file that breaks a rule stops the start with the name of the file, the field and the rule:
/// a limit that silently does not hold is worse than a process that does not start.
/// </summary>
internal static class DeclaredTenantsReader
{
    private const string NotNull = "must not be null";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public static DeclaredTenants Read(string path)
    {
        var files = Directory.Exists(path) ? Directory.GetFiles(path, "*.json").Order(StringComparer.Ordinal).ToArray()
            : File.Exists(path) ? [path]
            : throw new InvalidOperationException($"Gatehouse:Tenants:Path names '{path}', which does not exist.");
        var tenants = new Dictionary<string, DeclaredTenant>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            foreach (var (name, tenant) in Parse(file, File.ReadAllBytes(file)))
            {
                if (!tenants.TryAdd(name, tenant))
                {
                    throw Broken(file, $"tenants.{name}", "must be declared once");
                }
            }
        }

        return new DeclaredTenants(tenants);
    }

    internal static Dictionary<string, DeclaredTenant> Parse(string file, byte[] json)
    {
        try
        {
            // JSON can put a null where the type says otherwise: for a whole document, and inside lists and maps.
            var document = JsonSerializer.Deserialize<DeclaredTenantsFile>(json, Json)
                ?? throw Broken(file, "$", NotNull);
            return document.Tenants.ToDictionary(t => t.Key, t => Declared(file, t.Key, t.Value));
        }
        catch (JsonException broken)
        {
            throw Broken(file, broken.Path ?? "$", broken.Message, broken);
        }
    }

    private static DeclaredTenant Declared(string file, string tenant, DeclaredTenantFile? declared)
    {
        var at = $"tenants.{tenant}";
        if (!TenantNames.IsTenant(tenant) || declared is null)
        {
            throw Broken(file, at, declared is null ? NotNull : TenantNames.TenantRule);
        }

        foreach (var (name, policy) in declared.Policies)
        {
            var field = $"{at}.policies.{name}";
            Check(file, field, PolicyRules.Validate(name, policy ?? throw Broken(file, field, NotNull)));
        }

        for (var i = 0; i < declared.ApiKeys.Count; i++)
        {
            // An expired key in a file is no reason not to start: it is refused like any expired key.
            var key = declared.ApiKeys[i] ?? throw Broken(file, $"{at}.apiKeys[{i}]", NotNull);
            Check(file, $"{at}.apiKeys[{i}]", ApiKeyRules.Validate(tenant, key.Record, DateTimeOffset.MinValue));
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(declared, Json);
        return new DeclaredTenant(
            Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 6)),
            declared.Policies,
            declared.ApiKeys.ToDictionary(k => k.Id, k => k.Record));
    }

    private static void Check(string file, string at, List<FieldFault> faults)
    {
        if (faults.Count > 0)
        {
            throw Broken(file, $"{at}.{faults[0].Field}", faults[0].Rule);
        }
    }

    private static InvalidOperationException Broken(string file, string field, string rule, Exception? inner = null) =>
        new($"The tenants file '{file}' is not valid: {field} {rule}", inner);
}

/// <summary>The content of one tenants file.</summary>
internal sealed record DeclaredTenantsFile
{
    public required Dictionary<string, DeclaredTenantFile> Tenants { get; init; }
}

/// <summary>One tenant in a file.</summary>
internal sealed record DeclaredTenantFile
{
    public Dictionary<string, RateLimitPolicy> Policies { get; init; } = [];

    public List<DeclaredApiKey> ApiKeys { get; init; } = [];
}

/// <summary>One API key in a file: its hash, never the key.</summary>
internal sealed record DeclaredApiKey
{
    public required string Id { get; init; }

    public required string SecretHash { get; init; }

    public required List<string> Scopes { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    [JsonIgnore]
    public ApiKeyRecord Record => new()
    {
        Id = Id,
        SecretHash = SecretHash,
        Scopes = Scopes,
        ExpiresAt = ExpiresAt,
        Source = DeclarationSource.File,
    };
}

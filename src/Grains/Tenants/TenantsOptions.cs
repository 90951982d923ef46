namespace Gatehouse.Grains.Tenants;

/// <summary>Where tenants are declared, besides the HTTP API.</summary>
internal sealed class TenantsOptions
{
    /// <summary>A JSON file, or a folder whose *.json files are read, that declares tenants. Default: none.</summary>
    public string? Path { get; set; }
}

namespace Gatehouse.Grains.Storage;

/// <summary>The names of the grain storage providers, each with its own place in the regional Redis.</summary>
internal static class StorageNames
{
    /// <summary>Tenants, their policies and API keys.</summary>
    public const string Tenants = "tenants";
}

using System.Text;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>A signature as a process answered it, with what was signed.</summary>
internal sealed record SignedData(string Data, string Version, string Signature);

/// <summary>Calls of the signing-key routes of a real process.</summary>
internal static class KeyProcesses
{
    public static async Task<SignedData> SignAsync(this GatehouseProcess process, string tenant, string data)
    {
        var (status, body) = await process.KeyAsync(tenant, "sign", $$"""{"data":"{{Base64(data)}}"}""");
        Assert.True(status == 200, $"{status} {body}");
        return new SignedData(data, Text(body, "version"), Text(body, "signature"));
    }

    public static async Task<(bool IsValid, string Status)> VerifyAsync(
        this GatehouseProcess process, string tenant, SignedData signed)
    {
        var (status, body) = await process.KeyAsync(tenant, "verify", $$"""
            {"data":"{{Base64(signed.Data)}}","version":"{{signed.Version}}","signature":"{{signed.Signature}}"}
            """);
        Assert.True(status == 200, $"{status} {body}");
        return (body.GetProperty("valid").GetBoolean(), Text(body, "status"));
    }

    /// <summary>The statuses of all versions, v1 first.</summary>
    public static async Task<IReadOnlyList<string>> VersionsAsync(this GatehouseProcess process, string tenant)
    {
        var (status, body) = await process.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys?limit=1000");
        Assert.True(status == 200, $"{status} {body}");
        return [.. body.GetProperty("items").EnumerateArray().Select(item => Text(item, "status"))];
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    internal static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

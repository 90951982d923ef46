using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.SigningKeys;

/// <summary>Calls of the signing-key routes.</summary>
internal static class KeyCalls
{
    public static Task<Answer> KeyAsync(
        this TestHost host, string tenant, string path, string body, params (string, string)[] headers) =>
        host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/keys/{path}", TestHost.AdminKey,
            new StringContent(body, Encoding.UTF8, "application/json"), headers);

    public static Task<Answer> GetKeysAsync(this TestHost host, string tenant) =>
        host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys", TestHost.AdminKey);

    public static Task<Answer> SignAsync(this TestHost host, string tenant, string data) =>
        host.KeyAsync(tenant, "sign", $$"""{"data":"{{Base64(data)}}"}""");

    /// <summary>Sends a signature back as it was answered, with the data.</summary>
    public static Task<Answer> VerifyAsync(this TestHost host, string tenant, string data, Answer signature) =>
        host.KeyAsync(tenant, "verify", $$"""{"data":"{{Base64(data)}}",{{signature.Text[1..]}}""");

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

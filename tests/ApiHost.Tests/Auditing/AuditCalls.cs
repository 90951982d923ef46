using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>Calls of the audit routes, and what a user does with their answers.</summary>
internal static class AuditCalls
{
    public const string Event =
        """{"actor":{"type":"user","id":"7"},"action":"order.refund","outcome":"success"}""";

    public static Task<Answer> GetAuditAsync(
        this TestHost host, string tenant, string path, params (string, string)[] headers) =>
        host.SendAsync(HttpMethod.Get, Path(tenant, path), TestHost.AdminKey, null, headers);

    /// <summary>Without a credential.</summary>
    public static Task<Answer> GetPublicAsync(this TestHost host, string tenant, string path) =>
        host.SendAsync(HttpMethod.Get, Path(tenant, path), null);

    public static async Task<byte[]> GetBytesAsync(this TestHost host, string tenant, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path(tenant, path));
        request.Headers.Authorization = new("Bearer", TestHost.AdminKey);
        using var response = await host.Client.SendAsync(request);
        Assert.Equal((200, path), ((int)response.StatusCode, path));
        return await response.Content.ReadAsByteArrayAsync();
    }

    public static Task<Answer> PostAuditAsync(
        this TestHost host, string tenant, string path, string body, params (string, string)[] headers) =>
        host.SendAsync(HttpMethod.Post, Path(tenant, path), TestHost.AdminKey, Json(body), headers);

    public static Task<Answer> PutRetentionAsync(this TestHost host, string tenant, string body) =>
        host.SendAsync(HttpMethod.Put, Path(tenant, "retention"), TestHost.AdminKey, body);

    /// <summary>Records events with these ids, in one call.</summary>
    public static async Task<Answer> RecordAsync(this TestHost host, string tenant, params IEnumerable<string> ids)
    {
        var events = ids.Select(id => Event.Replace("{\"actor", $"{{\"id\":\"{id}\",\"actor", StringComparison.Ordinal));
        var answer = await host.PostAuditAsync(tenant, "events", $$"""{"events":[{{string.Join(',', events)}}]}""");
        Assert.Equal(201, answer.Status);
        return answer;
    }

    /// <summary>A tenant with so many entries, Gatehouse's own among them, all of them under a checkpoint.</summary>
    public static async Task<string> NewChainAsync(this TestHost host, int size)
    {
        var tenant = await host.NewTenantAsync();
        await host.RecordAsync(tenant, "first");
        // The first checkpoint records the making of the key that signs it.
        await host.SealAsync(tenant);
        var own = await host.SizeAsync(tenant);
        foreach (var part in Enumerable.Range(own, Math.Max(0, size - own)).Chunk(1_000))
        {
            await host.RecordAsync(tenant, part.Select(i => $"e{i}"));
        }

        await host.SealAsync(tenant);
        Assert.Equal(size, await host.SizeAsync(tenant));
        return tenant;
    }

    /// <summary>Has a checkpoint signed of all that is there.</summary>
    public static async Task SealAsync(this TestHost host, string tenant)
    {
        var last = await host.SizeAsync(tenant) - 1;
        var proof = await host.GetAuditAsync(tenant, $"events/{last}/proof");
        // On a busy machine thousands of entries are not archived within a call's deadline; the next call finds them.
        for (var tries = 1; proof.Status == 429 && tries < 10; tries++)
        {
            proof = await host.GetAuditAsync(tenant, $"events/{last}/proof");
        }

        Assert.Equal(200, proof.Status);
    }

    public static async Task<int> SizeAsync(this TestHost host, string tenant) =>
        (await host.GetAuditAsync(tenant, "head")).Json.GetProperty("size").GetInt32();

    /// <summary>The checkpoint as anybody reads it, with the key set as anybody reads it.</summary>
    public static async Task<Checkpoint> CheckpointAsync(this TestHost host, string tenant)
    {
        var note = SignedNote.Read((await host.GetPublicAsync(tenant, "checkpoint")).Text);
        await host.AssertSignedAsync(tenant, note);
        return Checkpoint.Read(note.Text);
    }

    /// <summary>One of the tenant's keys has signed it, for this very chain.</summary>
    public static async Task AssertSignedAsync(this TestHost host, string tenant, SignedNote note)
    {
        var origin = $"gatehouse/local/{tenant}";
        Assert.Equal(origin, Checkpoint.Read(note.Text).Origin);
        var keys = await host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/keys/jwks.json", null);
        Assert.Contains(keys.Json.GetProperty("keys").EnumerateArray(), jwk =>
        {
            using var key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Base64Url(jwk, "x"), Y = Base64Url(jwk, "y") },
            });
            var known = new NoteKey(origin, jwk.GetProperty("alg").GetString()!, key.ExportSubjectPublicKeyInfo());
            return note.Signatures.Any(signature => known.Verify(note.Text, signature)
                && key.VerifyData(Encoding.UTF8.GetBytes(note.Text), signature.Signature, HashAlgorithmName.SHA256,
                    DSASignatureFormat.Rfc3279DerSequence));
        });
    }

    /// <summary>All items of all pages, each page with the place that it is read from.</summary>
    public static async Task<List<JsonElement>> ListAllAsync(this TestHost host, string tenant, string query)
    {
        var items = new List<JsonElement>();
        for (long? next = 0; next is { } from;)
        {
            var page = await host.GetAuditAsync(tenant, $"events?{query}&from={from}");
            Assert.Equal((200, query), (page.Status, query));
            items.AddRange(page.Json.GetProperty("items").EnumerateArray());
            next = page.Json.GetProperty("next") is { ValueKind: JsonValueKind.Number } more ? more.GetInt64() : null;
            Assert.True(next is null || next > from);
        }

        return items;
    }

    public static byte[] Hex(this JsonElement holder, string name) =>
        Convert.FromHexString(holder.GetProperty(name).GetString()!);

    public static IReadOnlyList<byte[]> Hashes(this JsonElement holder, string name = "proof") =>
        [.. holder.GetProperty(name).EnumerateArray().Select(hash => Convert.FromHexString(hash.GetString()!))];

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static string Path(string tenant, string path) => $"/v1/tenants/{tenant}/audit/{path}";

    private static byte[] Base64Url(JsonElement jwk, string name) =>
        System.Buffers.Text.Base64Url.DecodeFromChars(jwk.GetProperty(name).GetString());
}

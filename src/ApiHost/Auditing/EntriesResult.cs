using System.Text.Json;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>One entry, its bytes as they are stored with its hash behind them.</summary>
internal sealed class EntryResult(byte[] entry) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        return JsonAnswer.WriteAsync(httpContext, entry, Write);
    }

    public static void Write(Utf8JsonWriter json, byte[] entry) =>
        json.WriteRawValue(WithHash(entry), skipInputValidation: true);

    /// <summary>
    /// Everything but the closing brace, and its hash behind it, so that what was hashed can be cut out again.
    /// </summary>
    public static byte[] WithHash(byte[] entry) =>
        [.. entry.AsSpan()[..^1], .. ",\"hash\":\""u8, .. Hex(MerkleTree.Leaf(entry)), .. "\"}"u8];

    private static byte[] Hex(byte[] hash) => System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash));
}

/// <summary>A page of entries.</summary>
internal sealed class EntriesResult(AuditSearchPage page, long from) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("items"u8);
        foreach (var entry in page.Entries)
        {
            EntryResult.Write(json, entry);
        }

        json.WriteEndArray();
        if (page.Next is { } next)
        {
            json.WriteNumber("next"u8, next);
        }
        else
        {
            json.WriteNull("next"u8);
        }

        json.WriteNumber("prunedBefore"u8, page.PrunedBefore > from ? page.PrunedBefore : 0);
        json.WritePropertyName("head"u8);
        json.WriteStartObject();
        json.WriteNumber("size"u8, page.Head.Size);
        json.WriteString("hash"u8, page.Head.Hash);
        json.WriteString("root"u8, page.Head.Root);
        json.WriteBoolean("frozen"u8, page.Head.IsFrozen);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(httpContext.RequestAborted);
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>Whole chains: what an export says is recomputed here, line by line; what verify says, too.</summary>
public class AuditExportTests(SharedHost shared)
{
    private const int Size = 9;

    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData("", 0, Size)]
    [InlineData("?from=0", 0, Size)]
    [InlineData("?from=4", 4, Size)]
    [InlineData("?to=5", 0, 5)]
    [InlineData("?from=3&to=8", 3, 8)]
    [InlineData("?from=8&to=9", 8, 9)]
    [InlineData("?from=9", 9, Size)]
    public async Task Export_IsAManifestAndTheEntriesThatItSpeaksOf(string query, int from, int to)
    {
        var tenant = await _host.NewChainAsync(Size);

        var answer = await _host.GetAuditAsync(tenant, $"export{query}");

        Assert.Equal((200, "application/x-ndjson"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.Equal($"attachment; filename=\"{tenant}-{from}-{to}.ndjson\"", answer.Headers["Content-Disposition"]);
        Assert.EndsWith("}\n", answer.Text, StringComparison.Ordinal);
        var lines = answer.Text.Split('\n')[..^1];
        var manifest = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal((from, to - from, tenant), (
            manifest.GetProperty("from").GetInt32(), manifest.GetProperty("count").GetInt32(),
            manifest.GetProperty("tenant").GetString()));
        Assert.Equal(to - from, lines.Length - 1);
        await AssertAddsUpAsync(tenant, manifest, lines[1..]);
    }

    [Theory]
    [InlineData("?from=-1", 400, "invalid_request", "from")]
    [InlineData("?from=x", 400, "invalid_request", "from")]
    [InlineData("?to=x", 400, "invalid_request", "to")]
    [InlineData("?to=0", 400, "invalid_request", "to")]
    [InlineData("?from=3&to=3", 400, "invalid_request", "to")]
    [InlineData("?from=3&to=2", 400, "invalid_request", "to")]
    [InlineData("?to=10", 404, "event_not_found", null)]
    [InlineData("?from=10", 404, "event_not_found", null)]
    [InlineData("?from=9223372036854775807", 404, "event_not_found", null)]
    [InlineData("?to=9223372036854775807", 404, "event_not_found", null)]
    public async Task Export_OfWhatIsNotThere_SaysSo(string query, int status, string code, string? field)
    {
        var answer = await _host.GetAuditAsync(await _host.NewChainAsync(Size), $"export{query}");

        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal(field, answer.Json.TryGetProperty("errors", out _) ? answer.Fault.Field : null);
    }

    [Fact]
    public async Task Export_OfAChainWithoutEntries_IsNotThere() => Assert.Equal(
        "event_not_found", (await _host.GetAuditAsync(await _host.NewTenantAsync(), "export")).Code);

    [Fact]
    public async Task Export_OfManyLargeEntries_IsWhole()
    {
        var tenant = await _host.NewTenantAsync();
        var large = AuditCalls.Event.Replace(
            "{\"actor", $"{{\"metadata\":{{\"x\":\"{new string('x', 20_000)}\"}},\"actor", StringComparison.Ordinal);
        for (var i = 0; i < 4; i++)
        {
            await _host.PostAuditAsync(
                tenant, "events", $$"""{"events":[{{string.Join(',', Enumerable.Repeat(large, 40))}}]}""");
        }

        await _host.SealAsync(tenant);
        var size = await _host.SizeAsync(tenant);
        var lines = (await _host.GetAuditAsync(tenant, "export")).Text.Split('\n')[..^1];

        Assert.True(size >= 160);
        Assert.Equal(size, lines.Length - 1);
        await AssertAddsUpAsync(tenant, JsonDocument.Parse(lines[0]).RootElement, lines[1..]);
    }

    [Fact]
    public async Task Exports_OfTwoTenants_HoldNothingOfEachOther()
    {
        var (mine, other) = (await _host.NewChainAsync(Size), await _host.NewChainAsync(Size));

        var lines = (await _host.GetAuditAsync(mine, "export")).Text.Split('\n')[..^1];

        Assert.All(lines, line => Assert.Contains($"\"tenant\":\"{mine}\"", line, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.DoesNotContain($"\"{other}\"", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}", 0, Size)]
    [InlineData("""{"from":2}""", 2, Size - 2)]
    [InlineData("""{"to":5}""", 0, 5)]
    [InlineData("""{"from":2,"to":5}""", 2, 3)]
    [InlineData("""{"from":9}""", 9, 0)]
    public async Task Verify_OfASoundChain_IsOkAndCounts(string body, int from, int count)
    {
        var tenant = await _host.NewChainAsync(Size);

        var answer = await _host.PostAuditAsync(tenant, "verify", body);

        Assert.Equal(200, answer.Status);
        Assert.True(answer.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("firstFault").ValueKind);
        Assert.Equal((from, count, Size), (
            answer.Json.GetProperty("from").GetInt32(), answer.Json.GetProperty("checked").GetInt32(),
            answer.Json.GetProperty("head").GetProperty("size").GetInt32()));
    }

    [Fact]
    public async Task Verify_OfAChainWithoutEntries_ChecksNothing()
    {
        var answer = await _host.PostAuditAsync(await _host.NewTenantAsync(), "verify", "{}");

        Assert.True(answer.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(0, answer.Json.GetProperty("checked").GetInt32());
    }

    [Theory]
    [InlineData("""{"from":-1}""", 400, "invalid_request", "from")]
    [InlineData("""{"from":"0"}""", 400, "invalid_request", "from")]
    [InlineData("""{"to":0}""", 400, "invalid_request", "to")]
    [InlineData("""{"from":5,"to":5}""", 400, "invalid_request", "to")]
    [InlineData("""{"form":5}""", 400, "invalid_request", "form")]
    [InlineData("", 400, "invalid_request", "body")]
    [InlineData("""{"from":10}""", 404, "event_not_found", null)]
    [InlineData("""{"to":10}""", 404, "event_not_found", null)]
    [InlineData("""{"from":9223372036854775807}""", 404, "event_not_found", null)]
    public async Task Verify_OfWhatIsNotThere_IsNotCalledGood(string body, int status, string code, string? field)
    {
        var answer = await _host.PostAuditAsync(await _host.NewChainAsync(Size), "verify", body);

        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Json.TryGetProperty("errors", out _) ? answer.Fault.Field : null);
    }

    private async Task AssertAddsUpAsync(string tenant, JsonElement manifest, string[] entries)
    {
        var note = SignedNote.Read(manifest.GetProperty("checkpoint").GetString()!);
        await _host.AssertSignedAsync(tenant, note);
        var checkpoint = Checkpoint.Read(note.Text);
        var (from, end) = (manifest.GetProperty("from").GetInt64(), manifest.GetProperty("from").GetInt64() + entries.Length);
        var previous = manifest.GetProperty("prevHash").GetString();
        var leaves = new List<byte[]>();
        foreach (var (i, line) in entries.Index())
        {
            var entry = JsonDocument.Parse(line).RootElement;
            Assert.Equal(from + i, entry.GetProperty("seq").GetInt64());
            Assert.Equal(previous, entry.GetProperty("prevHash").GetString());
            leaves.Add(SHA256.HashData([0, .. Encoding.UTF8.GetBytes(line)]));
            previous = Convert.ToHexStringLower(leaves[^1]);
        }

        Assert.Equal(previous, manifest.GetProperty("lastHash").GetString());
        var before = MerkleFrontier.Read(from, [.. manifest.Hashes("frontier").SelectMany(hash => hash)]);
        var root = manifest.Hex("root");
        Assert.Equal(before.Append(leaves).Root(), root);
        if (from == 0)
        {
            Assert.Equal(ForeignTree.Root(leaves), root);
        }

        Assert.True(MerkleProof.VerifyConsistency(
            from, checkpoint.Size, before.Root(), checkpoint.Root, manifest.Hashes("fromConsistency")));
        Assert.True(MerkleProof.VerifyConsistency(end, checkpoint.Size, root, checkpoint.Root, manifest.Hashes("consistency")));
    }
}

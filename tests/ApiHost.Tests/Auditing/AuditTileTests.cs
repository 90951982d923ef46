using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>The tree as C2SP tlog-tiles serves it, read by a client that knows nothing but that text.</summary>
public class AuditTileTests(SharedHost shared)
{
    private readonly TestHost _host = shared.Host;

    [Theory]
    [InlineData(3)]
    [InlineData(256)]
    [InlineData(600)]
    public async Task Tiles_AreTheTreeThatIsSigned(int size)
    {
        var tenant = await _host.NewChainAsync(size);
        var checkpoint = await _host.CheckpointAsync(tenant);
        var leaves = new List<byte[]>();
        foreach (var (path, width) in ForeignTree.Tiles("0", 0, checkpoint.Size))
        {
            var tile = await TileAsync(tenant, path);
            Assert.Equal(32 * width, tile.Length);
            leaves.AddRange(tile.Chunk(32));
        }

        var entries = new List<byte[]>();
        foreach (var (path, width) in ForeignTree.Tiles("entries", 0, checkpoint.Size))
        {
            var bundle = ForeignTree.Entries(await _host.GetBytesAsync(tenant, path)).ToList();
            Assert.Equal(width, bundle.Count);
            entries.AddRange(bundle);
        }

        Assert.Equal(checkpoint.Size, leaves.Count);
        Assert.Equal(checkpoint.Root, ForeignTree.Root(leaves));
        Assert.Equal(leaves, entries.Select(ForeignTree.Leaf));
        // Level 1 has one hash for each full tile of level 0.
        var above = new List<byte[]>();
        foreach (var (path, _) in ForeignTree.Tiles("1", 1, checkpoint.Size))
        {
            above.AddRange((await TileAsync(tenant, path)).Chunk(32));
        }

        Assert.Equal(leaves.Chunk(256).Where(full => full.Length == 256).Select(full => ForeignTree.Root(full)), above);
    }

    [Fact]
    public async Task Tile_IsCachedForEverOnceItIsSigned_AndAProblemNever()
    {
        var tenant = await _host.NewChainAsync(256);

        var tile = await _host.GetPublicAsync(tenant, "tile/0/000");
        var bundle = await _host.GetAuditAsync(tenant, "tile/entries/000");
        var missing = await _host.GetPublicAsync(tenant, "tile/0/001");

        Assert.Equal((200, "application/octet-stream"), (tile.Status, tile.Headers["Content-Type"]));
        Assert.Equal((200, "application/octet-stream"), (bundle.Status, bundle.Headers["Content-Type"]));
        Assert.Contains("immutable", tile.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Contains("public", tile.Headers["Cache-Control"], StringComparison.Ordinal);
        // What was recorded is not for a cache that others share.
        Assert.Contains("private", bundle.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Equal((404, "tile_not_found", "no-store"), (missing.Status, missing.Code, missing.Headers["Cache-Control"]));
    }

    [Fact]
    public async Task Tile_BeyondTheSignedSize_IsNotThereUntilItIsSigned()
    {
        var tenant = await _host.NewChainAsync(5);
        await _host.RecordAsync(tenant, "later");

        // Nothing but a proof, or 10 s, signs it; the checkpoint says which of them it was.
        var early = await _host.GetPublicAsync(tenant, "tile/0/000.p/6");
        var signed = (await _host.CheckpointAsync(tenant)).Size;
        await _host.SealAsync(tenant);
        var late = await _host.GetPublicAsync(tenant, "tile/0/000.p/6");

        Assert.True(early.Status == 404 || signed == 6);
        Assert.Equal(200, late.Status);
        Assert.Equal(200, (await _host.GetPublicAsync(tenant, "tile/0/000.p/5")).Status);
        Assert.Equal(404, (await _host.GetPublicAsync(tenant, "tile/0/000.p/7")).Status);
        Assert.Equal(404, (await _host.GetAuditAsync(tenant, "tile/entries/000.p/7")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("00")]
    [InlineData("0000")]
    [InlineData("000/")]
    [InlineData("x000/000")]
    [InlineData("X001/000")]
    [InlineData("001/000")]
    [InlineData("-01")]
    [InlineData("+01")]
    [InlineData("000.p")]
    [InlineData("000.p/")]
    [InlineData("000.p/0")]
    [InlineData("000.p/01")]
    [InlineData("000.p/+1")]
    [InlineData("000.p/256")]
    [InlineData("000.p/1/1")]
    [InlineData("000%2Ep%2F1")]
    [InlineData("x999/x999/x999/x999/x999/999")]
    [InlineData("x001/x000/x000/x000/x000/x000/000")]
    public async Task Tile_AtAnotherWayToWriteAPath_IsNotThere(string index)
    {
        var tenant = await _host.NewChainAsync(3);

        var tile = await _host.GetPublicAsync(tenant, $"tile/0/{index}");
        var bundle = await _host.GetAuditAsync(tenant, $"tile/entries/{index}");

        Assert.Equal((404, "tile_not_found"), (tile.Status, tile.Code));
        Assert.Equal((404, "tile_not_found"), (bundle.Status, bundle.Code));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("8")]
    [InlineData("63")]
    [InlineData("64")]
    [InlineData("00")]
    [InlineData("+0")]
    [InlineData("-0")]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("99999999999")]
    public async Task Tile_OfALevelThatIsNotThere_IsNotThere(string level)
    {
        var answer = await _host.GetPublicAsync(await _host.NewChainAsync(3), $"tile/{level}/000.p/1");

        Assert.Equal((404, "tile_not_found"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Tiles_OfTwoTenants_Differ()
    {
        var (mine, other) = (await _host.NewChainAsync(4), await _host.NewChainAsync(4));

        Assert.NotEqual(await TileAsync(mine, "tile/0/000.p/4"), await TileAsync(other, "tile/0/000.p/4"));
        var bundle = await _host.GetBytesAsync(mine, "tile/entries/000.p/4");
        Assert.All(ForeignTree.Entries(bundle), entry =>
            Assert.Contains($"\"tenant\":\"{mine}\"", Encoding.UTF8.GetString(entry), StringComparison.Ordinal));
    }

    /// <summary>Without a credential, as a monitor reads it.</summary>
    private async Task<byte[]> TileAsync(string tenant, string path)
    {
        using var response = await _host.Client.GetAsync(AuditCalls.Path(tenant, path));
        Assert.Equal((200, path), ((int)response.StatusCode, path));
        return await response.Content.ReadAsByteArrayAsync();
    }
}

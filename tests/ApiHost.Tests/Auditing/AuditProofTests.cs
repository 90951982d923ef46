using System.Security.Cryptography;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.ApiHost.Tests.Auditing;

/// <summary>Checkpoints, proofs and receipts: each is verified as whoever got it would.</summary>
public class AuditProofTests(SharedHost shared)
{
    private const int Size = 7;

    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task Checkpoint_IsASignedNoteThatAnybodyCanVerify()
    {
        var tenant = await _host.NewChainAsync(Size);

        var answer = await _host.GetPublicAsync(tenant, "checkpoint");
        var checkpoint = await _host.CheckpointAsync(tenant);
        var head = await _host.GetAuditAsync(tenant, "head");

        Assert.Equal("text/plain; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Contains("max-age=2", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Equal((Size, head.Json.GetProperty("root").GetString()),
            (checkpoint.Size, Convert.ToHexStringLower(checkpoint.Root)));
    }

    [Theory]
    [InlineData("no-such-tenant")]
    [InlineData("NOT A NAME")]
    public async Task Checkpoint_OfNobody_IsLikeThatOfATenantWithoutOne(string nobody)
    {
        var known = await _host.GetPublicAsync(await _host.NewTenantAsync(), "checkpoint");
        var unknown = await _host.GetPublicAsync(Uri.EscapeDataString(nobody), "checkpoint");

        Assert.Equal((404, "checkpoint_not_found"), (known.Status, known.Code));
        Assert.Equal((known.Status, known.Code, "no-store"), (unknown.Status, unknown.Code, unknown.Headers["Cache-Control"]));
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("tile/0/000")]
    public async Task PublicRoute_OfMadeUpNames_CostsWhatGuessingCosts(string path)
    {
        await using var host = await TestHost.StartAsync(new()
        {
            ["Gatehouse:Http:ClientRequestsPerSecond"] = "100",
            ["Gatehouse:Http:FailedAuthenticationCost"] = "100",
        });

        var first = await host.GetPublicAsync("made-up", path);
        var second = await host.GetPublicAsync("made-up-too", path);

        Assert.Equal((404, 429), (first.Status, second.Status));
    }

    [Fact]
    public async Task Proof_OfEveryEntry_Verifies()
    {
        var tenant = await _host.NewChainAsync(Size);
        for (var seq = 0; seq < Size; seq++)
        {
            var proof = (await _host.GetAuditAsync(tenant, $"events/{seq}/proof")).Json;
            var entry = (await _host.GetAuditAsync(tenant, $"events/{seq}")).Json;

            var checkpoint = await AssertProvesAsync(tenant, seq, proof);
            Assert.Equal(checkpoint.Size, proof.GetProperty("treeSize").GetInt64());
            Assert.Equal(entry.GetProperty("hash").GetString(), proof.GetProperty("hash").GetString());
        }
    }

    [Fact]
    public async Task Proof_OfAnEventThatIsNotUnderACheckpoint_HasOneSigned()
    {
        var tenant = await _host.NewChainAsync(Size);
        var receipt = await _host.PostAuditAsync(tenant, "events", AuditCalls.Event);
        var seq = receipt.Json.GetProperty("seq").GetInt64();

        var proof = await _host.GetAuditAsync(tenant, $"events/{seq}/proof");

        await AssertProvesAsync(tenant, seq, proof.Json);
        Assert.True((await _host.CheckpointAsync(tenant)).Size > seq);
    }

    [Fact]
    public async Task Proof_AsText_IsAReceiptThatIsCompleteInItself()
    {
        var tenant = await _host.NewChainAsync(Size);
        for (var seq = 0; seq < Size; seq++)
        {
            var answer = await _host.GetAuditAsync(tenant, $"events/{seq}/proof", ("Accept", "text/plain"));
            var entry = (await _host.GetAuditAsync(tenant, $"events/{seq}")).Text;
            var bytes = Encoding.UTF8.GetBytes(entry[..entry.LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}");

            var receipt = TlogProof.Read(answer.Text);
            var checkpoint = Checkpoint.Read(receipt.Checkpoint.Text);

            await _host.AssertSignedAsync(tenant, receipt.Checkpoint);
            Assert.StartsWith($"c2sp.org/tlog-proof@v1\nindex {seq}\n", answer.Text, StringComparison.Ordinal);
            Assert.Equal("text/plain; charset=utf-8", answer.Headers["Content-Type"]);
            Assert.True(MerkleProof.VerifyInclusion(
                SHA256.HashData([0, .. bytes]), seq, checkpoint.Size, receipt.Hashes, checkpoint.Root));
        }
    }

    [Theory]
    [InlineData("text/plain", "text/plain")]
    [InlineData("TEXT/PLAIN; q=0.5", "text/plain")]
    [InlineData("application/json;q=0.1, text/plain;q=0.9", "text/plain")]
    [InlineData("text/html, text/plain, */*;q=0.1", "text/plain")]
    [InlineData("application/json, text/plain;q=0.9", "application/json")]
    [InlineData("text/plain;q=0", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("nonsense", "application/json")]
    public async Task Proof_IsInTheFormThatIsAskedFor(string accept, string type)
    {
        var tenant = await _host.NewChainAsync(3);

        var answer = await _host.GetAuditAsync(tenant, "events/0/proof", ("Accept", accept));

        Assert.Equal((200, type), (answer.Status, answer.Headers["Content-Type"].Split(';')[0]));
        Assert.Equal("Accept", answer.Headers["Vary"]);
    }

    [Fact]
    public async Task Consistency_OfEveryPair_Verifies()
    {
        var tenant = await _host.NewChainAsync(Size);
        var leaves = new List<byte[]>();
        for (var seq = 0; seq < Size; seq++)
        {
            leaves.Add((await _host.GetAuditAsync(tenant, $"events/{seq}")).Json.Hex("hash"));
        }

        for (var first = 0; first <= Size; first++)
        {
            for (var second = Math.Max(1, first); second <= Size; second++)
            {
                var proof = (await _host.GetAuditAsync(tenant, $"consistency?first={first}&second={second}")).Json;

                Assert.Equal(ForeignTree.Root([.. leaves.Take(first)]), proof.Hex("firstRoot"));
                Assert.Equal(ForeignTree.Root([.. leaves.Take(second)]), proof.Hex("secondRoot"));
                Assert.True(MerkleProof.VerifyConsistency(
                    first, second, proof.Hex("firstRoot"), proof.Hex("secondRoot"), proof.Hashes()), $"{first}, {second}");
            }
        }

        var last = await _host.GetAuditAsync(tenant, "consistency?first=2");
        Assert.Equal(Size, last.Json.GetProperty("second").GetInt64());
    }

    [Theory]
    [InlineData("events/7/proof", 404, "event_not_found", null)]
    [InlineData("events/-1/proof", 404, "event_not_found", null)]
    [InlineData("events/9223372036854775807/proof", 404, "event_not_found", null)]
    [InlineData("events/9223372036854775808/proof", 404, "route_not_found", null)]
    [InlineData("consistency", 400, "invalid_request", "first")]
    [InlineData("consistency?first=-1", 400, "invalid_request", "first")]
    [InlineData("consistency?first=x", 400, "invalid_request", "first")]
    [InlineData("consistency?first=1&second=x", 400, "invalid_request", "second")]
    [InlineData("consistency?first=2&second=1", 400, "invalid_request", "second")]
    [InlineData("consistency?first=1&second=8", 404, "event_not_found", null)]
    [InlineData("consistency?first=9223372036854775807", 404, "event_not_found", null)]
    public async Task Proof_OfWhatIsNotThere_SaysSo(string path, int status, string code, string? field)
    {
        var answer = await _host.GetAuditAsync(await _host.NewChainAsync(Size), path);

        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Equal(field, answer.Json.TryGetProperty("errors", out _) ? answer.Fault.Field : null);
    }

    [Fact]
    public async Task Proof_OfAChainWithoutEntries_IsNotThere()
    {
        var tenant = await _host.NewTenantAsync();

        Assert.Equal("event_not_found", (await _host.GetAuditAsync(tenant, "events/0/proof")).Code);
        Assert.Equal("event_not_found", (await _host.GetAuditAsync(tenant, "consistency?first=0")).Code);
    }

    [Fact]
    public async Task Receipt_WithProof_HoldsOneAndItsCheckpoint()
    {
        var tenant = await _host.NewTenantAsync();

        var single = await _host.PostAuditAsync(tenant, "events?proof=true", AuditCalls.Event);
        var batch = await _host.PostAuditAsync(tenant, "events?proof=true",
            $$"""{"events":[{{string.Join(',', Enumerable.Repeat(AuditCalls.Event, 5))}}]}""");
        var plain = await _host.PostAuditAsync(tenant, "events?proof=false", AuditCalls.Event);

        Assert.Equal((201, 201), (single.Status, batch.Status));
        await AssertProvesAsync(tenant, 0, single.Json);
        foreach (var receipt in batch.Json.GetProperty("items").EnumerateArray())
        {
            await AssertProvesAsync(tenant, receipt.GetProperty("seq").GetInt64(), receipt);
        }

        Assert.False(plain.Json.TryGetProperty("proof", out _) || plain.Json.TryGetProperty("checkpoint", out _));
    }

    [Fact]
    public async Task Receipt_WithProof_IsForAHundredEvents()
    {
        var tenant = await _host.NewTenantAsync();
        string Batch(int count) => $$"""{"events":[{{string.Join(',', Enumerable.Repeat(AuditCalls.Event, count))}}]}""";

        var most = await _host.PostAuditAsync(tenant, "events?proof=true", Batch(100));
        var size = await _host.SizeAsync(tenant);
        var more = await _host.PostAuditAsync(tenant, "events?proof=true", Batch(101));
        var unclear = await _host.PostAuditAsync(tenant, "events?proof=maybe", AuditCalls.Event);

        Assert.Equal((201, 100), (most.Status, most.Json.GetProperty("items").EnumerateArray().Count(
            receipt => receipt.TryGetProperty("proof", out _))));
        Assert.Equal((400, "proof"), (more.Status, more.Fault.Field));
        Assert.Equal((400, "proof"), (unclear.Status, unclear.Fault.Field));
        Assert.Equal(size, await _host.SizeAsync(tenant));
    }

    [Fact]
    public async Task Chains_OfTwoTenants_HaveCheckpointsOfTheirOwn()
    {
        var (mine, other) = (await _host.NewChainAsync(Size), await _host.NewChainAsync(Size));
        var note = SignedNote.Read((await _host.GetPublicAsync(mine, "checkpoint")).Text);

        var (my, theirs) = (await _host.CheckpointAsync(mine), await _host.CheckpointAsync(other));

        Assert.NotEqual(my.Root, theirs.Root);
        Assert.NotEqual(my.Origin, theirs.Origin);
        // The same text in the other one's name is not signed by anybody.
        await Assert.ThrowsAnyAsync<Exception>(() => _host.AssertSignedAsync(
            other, new SignedNote(note.Text.Replace(mine, other, StringComparison.Ordinal), note.Signatures)));
    }

    private async Task<Checkpoint> AssertProvesAsync(string tenant, long seq, System.Text.Json.JsonElement proof)
    {
        var note = SignedNote.Read(proof.GetProperty("checkpoint").GetString()!);
        await _host.AssertSignedAsync(tenant, note);
        var checkpoint = Checkpoint.Read(note.Text);
        Assert.True(MerkleProof.VerifyInclusion(
            proof.Hex("hash"), seq, checkpoint.Size, proof.Hashes(), checkpoint.Root), $"{seq}");
        return checkpoint;
    }
}

using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Verifier.Tests;

/// <summary>
/// Files of format 1 that were written once and have to verify for ever: what was exported is kept for years. To write
/// new ones beside them, name a folder in GATEHOUSE_GOLDEN and run <see cref="Files_ThatAreWrittenNow_Verify"/>.
/// </summary>
public class GoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");

    [Fact]
    public void WholeChain_Verifies() => Assert.Equal(
        (0, "VERIFIED entries 0 to 6 of gatehouse/local/acme: 7 of them"),
        Run("whole.ndjson", "--jwks", Golden("jwks.json"), "--checkpoint", Golden("checkpoint.txt")));

    [Fact]
    public void PartOfAChain_Verifies() => Assert.Equal(
        (0, "VERIFIED entries 3 to 7 of gatehouse/local/acme: 5 of them"),
        Run("part.ndjson", "--jwks", Golden("jwks.json"), "--checkpoint", Golden("checkpoint.txt")));

    [Fact]
    public void WhatARevokedKeySigned_Verifies()
    {
        Assert.Equal((1, "FAULT revoked_key, in export"), Run("revoked.ndjson", "--jwks", Golden("jwks.json")));
        Assert.Equal(
            (0, "VERIFIED entries 0 to 1 of gatehouse/local/acme: 2 of them"),
            Run("revoked.ndjson", "--jwks", Golden("jwks.json"), "--allow-revoked"));
    }

    [Fact]
    public void Receipt_Verifies() => Assert.Equal((0, "VERIFIED the receipt of entry 2"), Run(
        null, "--jwks", Golden("jwks.json"), "--receipt", Golden("receipt.tlog-proof"), "--entry", Golden("entry.json")));

    [Fact]
    public void Files_ThatAreWrittenNow_Verify()
    {
        var asked = Environment.GetEnvironmentVariable("GATEHOUSE_GOLDEN");
        var folder = asked ?? Directory.CreateTempSubdirectory("gatehouse-golden-").FullName;
        var (chain, first) = (SampleChain.Of(11), SampleChain.Key);
        SampleKey second = new("v2", SignatureAlgorithm.Ed25519), revoked = new("v3", SignatureAlgorithm.Es256);
        Write("whole.ndjson", chain.Export(0, 7, 7).ToBytes());
        Write("part.ndjson", chain.Export(3, 5, 11, second).ToBytes());
        Write("revoked.ndjson", chain.Export(0, 2, 2, revoked).ToBytes());
        Write("checkpoint.txt", Encoding.UTF8.GetBytes(first.Sign(chain.Checkpoint(4))));
        Write("receipt.tlog-proof", Encoding.UTF8.GetBytes(chain.Receipt(2, 7)));
        Write("entry.json", chain.Entries[2].Bytes);
        Write("jwks.json", JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new[]
            {
                first.Jwk(), second.Jwk(), revoked.Jwk(("status", "revoked"), ("revokedAt", "2026-11-26T17:00:30.000Z")),
            },
        }));

        Assert.Equal(
            (0, "VERIFIED entries 0 to 6 of gatehouse/local/acme: 7 of them"),
            Run(Path.Combine(folder, "whole.ndjson"), "--jwks", Path.Combine(folder, "jwks.json")));
        if (asked is null)
        {
            Directory.Delete(folder, recursive: true);
        }

        void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }

    private static string Golden(string name) => Path.Combine(Folder, name);

    private static (int Code, string Line) Run(string? export, params string[] args)
    {
        using var output = new StringWriter();
        var code = VerifierCommand.Run(
            export is null ? args : [Golden(export), .. args], () => Stream.Null, output, TextWriter.Null);
        return (code, output.ToString().Split(Environment.NewLine)[0]);
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.SigningKeys;

/// <summary>The standards' own signatures, and malformed ones, through the HTTP API.</summary>
public class VectorTests(SharedHost shared)
{
    // The order of P-256 (FIPS 186-5): R and S are below it.
    private const string Order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    private const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";

    private readonly TestHost _host = shared.Host;

    /// <summary>RFC 7515, appendix A.3, and RFC 8037, appendix A.4.</summary>
    public static TheoryData<string, string, string> Standards { get; } = new()
    {
        {
            "ES256",
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        },
        {
            "Ed25519",
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        },
    };

    /// <summary>What implementations have accepted by mistake, in the manner of Project Wycheproof.</summary>
    public static TheoryData<string, Func<byte[], byte[]>> Malformed { get; } = new()
    {
        { "empty", _ => [] },
        { "all zero", _ => new byte[64] },
        { "R is zero", good => [.. Hex(Zero), .. good[32..]] },
        { "S is zero", good => [.. good[..32], .. Hex(Zero)] },
        { "R is the order", good => [.. Hex(Order), .. good[32..]] },
        { "S is the order", good => [.. good[..32], .. Hex(Order)] },
        { "R and S are all ones", _ => [.. Enumerable.Repeat((byte)0xff, 64)] },
        { "R and S are one", _ => [.. Hex(Zero)[1..], 1, .. Hex(Zero)[1..], 1] },
        { "R and S swapped", good => [.. good[32..], .. good[..32]] },
        { "a byte short", good => good[..63] },
        { "a byte long", good => [.. good, 0] },
        { "a zero before", good => [0, .. good] },
        { "twice", good => [.. good, .. good] },
        { "a bit of R flipped", good => [(byte)(good[0] ^ 1), .. good[1..]] },
        { "a bit of S flipped", good => [.. good[..63], (byte)(good[63] ^ 1)] },
        { "DER", good => Der(good) },
    };

    [Theory]
    [MemberData(nameof(Standards))]
    public async Task Signature_OfTheStandard_IsValidAndNoOtherIs(string algorithm, string data, string signature)
    {
        var tenant = await PlantAsync();
        var (version, bytes) = (algorithm == "ES256" ? "v1" : "v2", Base64Url.DecodeFromChars(signature));

        Assert.True(await IsValidAsync(tenant, version, data, bytes));
        Assert.False(await IsValidAsync(tenant, version, $"{data}x", bytes));
        Assert.False(await IsValidAsync(tenant, version == "v1" ? "v2" : "v1", data, bytes));
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Signature_Malformed_IsInvalidAndNoError(string what, Func<byte[], byte[]> damage)
    {
        var tenant = await PlantAsync();
        foreach (var row in Standards)
        {
            var good = Base64Url.DecodeFromChars(row.Data.Item3);
            var version = row.Data.Item1 == "ES256" ? "v1" : "v2";

            Assert.False(await IsValidAsync(tenant, version, row.Data.Item2, damage(good)), what);
        }
    }

    /// <summary>Ed25519 (RFC 8032, section 5.1.7): S plus the order of the group is another encoding of the same.</summary>
    [Fact]
    public async Task Ed25519_WithAnSAboveTheOrder_IsInvalid()
    {
        var tenant = await PlantAsync();
        var row = Standards.Last().Data;
        var signature = Base64Url.DecodeFromChars(row.Item3);
        var order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        var carry = 0;
        for (var i = 0; i < 32; i++)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = (byte)carry;
            carry >>= 8;
        }

        Assert.False(await IsValidAsync(tenant, "v2", row.Item2, signature));
    }

    [Fact]
    public async Task Ed25519_Signs_AsTheStandardDoes()
    {
        // Deterministic, so that the very bytes can be compared.
        var tenant = await PlantAsync();
        var row = Standards.Last().Data;

        var signed = await _host.SignAsync(tenant, row.Item2);

        Assert.Equal(Base64Url.DecodeFromChars(row.Item3), signed.Json.GetProperty("signature").GetBytesFromBase64());
    }

    private async Task<bool> IsValidAsync(string tenant, string version, string data, byte[] signature)
    {
        var answer = await _host.KeyAsync(tenant, "verify", $$"""
            {"data":"{{KeyCalls.Base64(data)}}","version":"{{version}}","signature":"{{Convert.ToBase64String(signature)}}"}
            """);
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("valid").GetBoolean();
    }

    /// <summary>A tenant whose v1 is the key of RFC 7515, A.3, and whose active v2 is that of RFC 8037, A.1.</summary>
    private async Task<string> PlantAsync()
    {
        var tenant = await _host.NewTenantAsync();
        using var es256 = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Base64Url.DecodeFromChars("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                Y = Base64Url.DecodeFromChars("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
            },
        });
        var keks = _host.App.Services.GetRequiredService<KeyEncryptionKeys>();
        var seed = Base64Url.DecodeFromChars("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        var wrapped = keks.Current.Wrap(new KeyPlace(tenant, "local", 2, "Ed25519"), seed);
        var (first, _) = KeyRing.Create(KeyRingState.Empty, new NewKey(
            1, "ES256", es256.ExportSubjectPublicKeyInfo(), wrapped), DateTimeOffset.UnixEpoch);
        var (second, _) = KeyRing.Rotate(first, new NewKey(
            2, "Ed25519", Base64Url.DecodeFromChars("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), wrapped),
            TimeSpan.Zero, DateTimeOffset.UnixEpoch);
        var (ring, _) = KeyRing.PromoteDue(second, DateTimeOffset.UnixEpoch);
        await _host.App.Services.GetRequiredService<IKeyRingStore>().ReplaceAsync(tenant, KeyRingState.Empty, ring);
        return tenant;
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static byte[] Der(byte[] signature)
    {
        static byte[] Integer(byte[] number) => number[0] > 127 ? [2, 33, 0, .. number] : [2, 32, .. number];
        byte[] both = [.. Integer(signature[..32]), .. Integer(signature[32..])];
        return [0x30, (byte)both.Length, .. both];
    }
}

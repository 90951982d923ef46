using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Chaos.Tests.SigningKeys;

/// <summary>Somebody else's library takes our key set and our signatures: python3-jwcrypto from Debian.</summary>
public class ForeignVerifierTests
{
    private const string Python = "/usr/bin/python3";

    // Reads the key set and then one token per line; answers one word per token.
    private const string Script = """
        import sys
        from jwcrypto import jwk, jws
        keys = jwk.JWKSet.from_json(sys.stdin.readline())
        for line in sys.stdin:
            token = jws.JWS()
            token.allowed_algs = ['ES256', 'EdDSA']
            token.deserialize(line.strip())
            try:
                token.verify(keys.get_key(token.jose_header['kid']))
                print('good')
            except jws.InvalidJWSSignature:
                print('bad')
        """;

    [Fact]
    public async Task Tokens_OfBothAlgorithms_AreGoodByTheKeySetAndNotOtherwise()
    {
        await RequireAsync();
        using var folder = new TempFolder();
        await using var process = await GatehouseProcess.StartAsync(folder.Path);
        await process.PutTenantAsync("acme");
        var es256 = await TokenAsync(process, "ES256", "v1");
        Assert.Equal(200, (await process.KeyAsync("acme", "rotate", """{"algorithm":"Ed25519"}""")).Status);
        Assert.Equal(200, (await process.KeyAsync("acme", "v2/promote", """{"force":true}""")).Status);
        var ed25519 = await TokenAsync(process, "EdDSA", "v2");
        var keySet = await process.Client.GetStringAsync("/v1/tenants/acme/keys/jwks.json");

        var verdicts = await RunAsync($"{keySet}\n{es256}\n{ed25519}\n{Forged(es256)}\n{Forged(ed25519)}\n");

        Assert.Equal(["good", "good", "bad", "bad"], verdicts);
    }

    /// <summary>A JWS in compact form (RFC 7515, section 7.1): what is signed is its first two parts.</summary>
    private static async Task<string> TokenAsync(GatehouseProcess process, string algorithm, string version)
    {
        var header = Part($$"""{"alg":"{{algorithm}}","kid":"{{version}}"}""");
        var input = $"{header}.{Part("""{"sub":"alice"}""")}";
        var signed = await process.SignAsync("acme", input);
        Assert.Equal(version, signed.Version);
        return $"{input}.{Base64Url.EncodeToString(Convert.FromBase64String(signed.Signature))}";
    }

    private static string Forged(string token)
    {
        var parts = token.Split('.');
        return $"{parts[0]}.{Part("""{"sub":"mallory"}""")}.{parts[2]}";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static async Task RequireAsync()
    {
        const string Advice = "python3-jwcrypto is not installed (Debian: apt-get install python3-jwcrypto).";
        var isInstalled = File.Exists(Python);
        if (isInstalled)
        {
            using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import jwcrypto"])
            {
                RedirectStandardError = true,
            })!;
            await probe.WaitForExitAsync();
            isInstalled = probe.ExitCode == 0;
        }

        if (!isInstalled && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(Advice);
        }

        Assert.SkipUnless(isInstalled, Advice);
    }

    private static async Task<string[]> RunAsync(string input)
    {
        using var python = Process.Start(new ProcessStartInfo(Python, ["-c", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await python.StandardInput.WriteAsync(input);
        python.StandardInput.Close();
        var (output, errors) = (await python.StandardOutput.ReadToEndAsync(), await python.StandardError.ReadToEndAsync());
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

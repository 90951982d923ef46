using System.Text;
using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Benchmarks;

/// <summary>Signing and verifying: over HTTP beside the same pipeline without it, and in the process on one processor.</summary>
internal static class KeysBenchmark
{
    private const int Connections = 32;
    private const string Tenant = "bench";
    private static readonly Alternation Alternation = new(9, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
    private static readonly byte[] Data = Encoding.UTF8.GetBytes(new string('x', 256));
    private static readonly string Base64 = Convert.ToBase64String(Data);

    public static async Task<IReadOnlyList<Row>> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var signatures = host.Services.GetRequiredService<ISignatures>();
        var signed = (await signatures.SignAsync(Tenant, null, [Data])).Signatures[0];
        var client = new LoadClient(host.Url, Connections);
        var empty = new Contender("empty pipeline", client, [SignRequest(host, "empty")], 200);
        var sign = new Contender("sign", client, [SignRequest(host, "sign")], 200);
        var verify = new Contender("verify", client, [Request(host, "verify", $$"""
            {"data":"{{Base64}}","version":"v1","signature":"{{Convert.ToBase64String(signed)}}"}
            """)], 200);
        await Alternation.RunAsync([empty, sign, verify]);
        Console.WriteLine($"\n{Connections} connections, 256 bytes, ES256, store: {host.Store}");
        Report.Print([empty, sign, verify]);
        return
        [
            Row.AtLeast("sign / empty pipeline", sign.RatiosTo(empty), 0.5),
            Row.Of("verify / empty pipeline", verify.RatiosTo(empty)),
            .. await InProcessAsync(host.Services, signed),
        ];
    }

    /// <summary>A request to sign, or to do nothing with the same body.</summary>
    public static byte[] SignRequest(BenchmarkHost host, string action) =>
        Request(host, action, $$"""{"data":"{{Base64}}"}""");

    private static byte[] Request(BenchmarkHost host, string action, string body) =>
        LoadClient.Request($"/v1/tenants/{Tenant}/keys/{action}", host.Key, body);

    private static async Task<IReadOnlyList<Row>> InProcessAsync(IServiceProvider services, byte[] signed)
    {
        var (signatures, rings) =
            (services.GetRequiredService<ISignatures>(), services.GetRequiredService<KeyRingDirectory>());
        var (signing, verifying) = (new List<double>(), new List<double>());
        for (var round = 0; round < Alternation.Rounds; round++)
        {
            signing.Add(await RateAsync(4_000, async () => await signatures.SignAsync(Tenant, null, [Data])));
            verifying.Add(await RateAsync(2_000, async () =>
            {
                var version = await rings.FindAsync(Tenant, 1);
                if (!rings.Verify(version!, Data, signed))
                {
                    throw new InvalidOperationException("A good signature was not verified.");
                }
            }));
        }

        return
        [
            Row.AtLeast("sign in the process, one call at a time", signing, 8_000, "/s"),
            Row.Of("verify in the process, one call at a time", verifying, "/s"),
        ];
    }

    private static async Task<double> RateAsync(int calls, Func<Task> call)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            await call();
        }

        return calls / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}

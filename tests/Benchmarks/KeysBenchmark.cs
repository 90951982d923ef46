using System.Text;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Benchmarks;

/// <summary>Signing and verifying: over HTTP beside the same pipeline without it, and in the process on one processor.</summary>
internal static class KeysBenchmark
{
    private const int Connections = 32;
    private const int Rounds = 9;
    private const string Tenant = "bench";
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);
    private static readonly byte[] Data = Encoding.UTF8.GetBytes(new string('x', 256));

    public static async Task<int> RunAsync()
    {
        await using var host = await BenchmarkHost.StartAsync();
        var signatures = host.Services.GetRequiredService<ISignatures>();
        var signed = (await signatures.SignAsync(Tenant, null, [Data])).Signatures[0];
        var client = new LoadClient(host.Url, Connections);
        var data = Convert.ToBase64String(Data);
        Contender[] contenders =
        [
            new("empty pipeline", [Request("empty", $$"""{"data":"{{data}}"}""")], 200),
            new("sign", [Request("sign", $$"""{"data":"{{data}}"}""")], 200),
            new("verify", [Request("verify", $$"""
                {"data":"{{data}}","version":"v1","signature":"{{Convert.ToBase64String(signed)}}"}
                """)], 200),
        ];
        foreach (var contender in contenders)
        {
            await client.RunAsync(contender.Requests, contender.Status, Warmup);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                contender.Loads.Add(await client.RunAsync(contender.Requests, contender.Status, Turn));
            }
        }

        Console.WriteLine($"\n{Rounds} rounds, {Connections} connections, 256 bytes, ES256, store: {host.Store}\n");
        Report.Print(contenders);
        var holds = Report.IsAtLeast("sign / empty pipeline", contenders[1].RatiosTo(contenders[0]), 0.5);
        var verifying = contenders[2].RatiosTo(contenders[0]);
        Console.WriteLine($"{"verify / empty pipeline",-34}{verifying[0],8:0.00}{Report.Median(verifying),8:0.00}" +
            $"{verifying[^1],8:0.00}");
        return await IsQuickAsync(host.Services, signed) & holds ? 0 : 1;

        byte[] Request(string action, string body) =>
            LoadClient.Request($"/v1/tenants/{Tenant}/keys/{action}", host.Key, body);
    }

    private static async Task<bool> IsQuickAsync(IServiceProvider services, byte[] signed)
    {
        var (signatures, rings) =
            (services.GetRequiredService<ISignatures>(), services.GetRequiredService<KeyRingDirectory>());
        var (signing, signBytes) = await MeasureAsync(20_000, async () => await signatures.SignAsync(Tenant, null, [Data]));
        var (verifying, verifyBytes) = await MeasureAsync(5_000, async () =>
        {
            var version = await rings.FindAsync(Tenant, 1);
            if (!rings.Verify(version!, Data, signed))
            {
                throw new InvalidOperationException("A good signature was not verified.");
            }
        });
        Console.WriteLine($"\nin the process, one call at a time: sign {signing:N0}/s, {signBytes:0} bytes; " +
            $"verify {verifying:N0}/s, {verifyBytes:0} bytes");
        var holds = signing >= 8_000;
        Console.WriteLine($"sign >= 8,000/s on one processor{(holds ? "  holds" : "  MISSED")}");
        return holds;
    }

    private static async Task<(double PerSecond, double Bytes)> MeasureAsync(int calls, Func<Task> call)
    {
        for (var i = 0; i < calls / 4; i++)
        {
            await call();
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            await call();
        }

        var elapsed = TimeProvider.System.GetElapsedTime(start);
        return (calls / elapsed.TotalSeconds, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)calls);
    }
}

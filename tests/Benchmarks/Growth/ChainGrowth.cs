using Gatehouse.Benchmarks.Tables;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.Benchmarks.Growth;

/// <summary>Chains of three sizes in one host, in turn; the archive is SQLite.</summary>
internal static class ChainGrowth
{
    private const int Callers = 64;
    private const int Batch = 1_000;
    private const int Rounds = 3;
    private const int Reads = 100;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);

    private sealed record Chain(BenchmarkHost Host, string Tenant, int Size)
    {
        private IGrainFactory Grains => Host.Services.GetRequiredService<IGrainFactory>();

        public IAuditChainGrain Writer => Grains.AuditChain(Tenant);

        public IAuditReaderGrain Reader => Grains.AuditReader(Tenant);
    }

    public static async Task<MarkdownTable> RunAsync(int largest)
    {
        await using var host = await BenchmarkHost.StartAsync();
        await host.Redis!.SyncAlwaysAsync();
        Chain[] chains =
            [new(host, "small", largest / 100), new(host, "medium", largest / 10), new(host, "large", largest)];
        foreach (var chain in chains)
        {
            await host.CreateTenantAsync(chain.Tenant);
            await FillAsync(chain);
        }

        return GrowthTable.Of("entries", [.. chains.Select(chain => $"{chain.Size:N0}")],
        [
            .. await AppendsAsync(chains),
            new("read a page of 100, in the middle, ms", await ReadsAsync(chains, ReadAsync)),
            new("prove an entry, ms", await ReadsAsync(chains, ProveAsync)),
            new("export over HTTP, entries/s", await ExportsAsync(chains)),
            new("offline verification, entries/s a core", Verifications(chains)),
        ]);
    }

    private static async Task FillAsync(Chain chain)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var at = 0; at < chain.Size;)
        {
            try
            {
                await chain.Writer.AppendAsync([.. Enumerable.Range(0, Batch).Select(static _ => AuditEvents.Next())]);
                at += Batch;
            }
            catch (ServiceOverloadedException)
            {
                // The archive is behind, and the chain waits for it.
                await ChainArchive.CatchUpAsync(chain.Writer);
            }
        }

        await ChainArchive.CatchUpAsync(chain.Writer);
        Console.WriteLine($"{chain.Size:N0} entries in {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s");
    }

    private static async Task<IReadOnlyList<GrowthRow>> AppendsAsync(Chain[] chains)
    {
        var appends = chains.Select(chain => new CallTurns(
            $"append to {chain.Size:N0}", Callers, () => chain.Writer.AppendAsync([AuditEvents.Next()]))
        {
            Settle = () => ChainArchive.CatchUpAsync(chain.Writer),
        }).ToList();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var append in appends)
            {
                await append.TakeTurnAsync(Turn);
            }
        }

        appends.ForEach(append => append.Print());
        return
        [
            new("append, 64 callers, events/s", [.. appends.Select(one => one.All(turn => turn.PerSecond))]),
            new("append, CPU in us, callers and archive too",
                [.. appends.Select(one => one.All(turn => turn.ProcessorMicroseconds))]),
            new("append, p99 in ms", [.. appends.Select(one => one.All(turn => turn.Milliseconds(0.99)))]),
        ];
    }

    /// <summary>Milliseconds of one call, for each chain and round.</summary>
    private static async Task<IReadOnlyList<IReadOnlyList<double>>> ReadsAsync(Chain[] chains, Func<Chain, int, Task> read)
    {
        var taken = chains.Select(static _ => new List<double>()).ToList();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < chains.Length; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                for (var call = 0; call < Reads; call++)
                {
                    await read(chains[i], call);
                }

                taken[i].Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds / Reads);
            }
        }

        return taken;
    }

    /// <summary>Each call another place, spread over the middle half.</summary>
    private static long Place(Chain chain, int call) => (chain.Size / 4) + ((long)call * chain.Size / 2 / Reads);

    private static Task ReadAsync(Chain chain, int call) => chain.Reader.ReadAsync(Place(chain, call), 100);

    private static async Task ProveAsync(Chain chain, int call) => _ = await chain.Reader.ProveAsync(Place(chain, call))
        ?? throw new InvalidOperationException("An entry that is there was not proven.");

    private static async Task<IReadOnlyList<IReadOnlyList<double>>> ExportsAsync(Chain[] chains)
    {
        var rates = chains.Select(static _ => new List<double>()).ToList();
        using var client = chains[0].Host.CreateAdminClient();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < chains.Length; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                var path = new Uri($"/v1/tenants/{chains[i].Tenant}/audit/export?from=0&to={chains[i].Size}", UriKind.Relative);
                using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
                response.EnsureSuccessStatusCode();
                await response.Content.CopyToAsync(Stream.Null);
                rates[i].Add(chains[i].Size / TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            }
        }

        return rates;
    }

    private static List<IReadOnlyList<double>> Verifications(Chain[] chains)
    {
        var rates = new List<IReadOnlyList<double>>();
        foreach (var chain in chains)
        {
            using var export = GeneratedExport.Write(chain.Size);
            export.Verify();
            rates.Add([.. Enumerable.Range(0, Rounds).Select(_ => export.Verify())]);
        }

        return rates;
    }
}

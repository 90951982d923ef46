using Gatehouse.Benchmarks.Tables;

namespace Gatehouse.Benchmarks;

/// <summary>The offline verifier over one large export, in a file, on one processor.</summary>
internal static class VerifierBenchmark
{
    private const int Rounds = 5;
    private const int EntriesPerSecondMin = 500_000;

    public static Task<IReadOnlyList<Row>> RunAsync(int count)
    {
        using var export = GeneratedExport.Write(count);
        export.Verify();
        var rates = Enumerable.Range(0, Rounds).Select(_ => export.Verify()).ToList();
        return Task.FromResult<IReadOnlyList<Row>>(
            [Row.AtLeast($"offline verification of {count:N0} entries", rates, EntriesPerSecondMin, "entries/s a core")]);
    }
}

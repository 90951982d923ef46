using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Verifier;

namespace Gatehouse.Benchmarks;

/// <summary>The offline verifier over one large export, in a file, on one processor.</summary>
internal static class VerifierBenchmark
{
    private const string Origin = "gatehouse/local/bench";
    private const int Batch = 1_000;
    private const int Rounds = 5;
    private const int EntriesPerSecondMin = 500_000;
    private static readonly DateTimeOffset Time = new(2026, 11, 26, 17, 0, 0, TimeSpan.Zero);

    public static int Run(int count)
    {
        var path = Path.Combine(Path.GetTempPath(), $"gatehouse-verifier-{Environment.ProcessId}.ndjson");
        try
        {
            var pair = SignatureAlgorithm.Es256.Generate();
            var bytes = Write(path, count, pair);
            var keys = new ChainKeys([new ChainKey("v1", SignatureAlgorithm.Es256.Name, pair.PublicKey)]);
            Console.WriteLine($"{count:N0} entries, {bytes / (double)count:0} bytes each, {bytes / 1e6:0} MB\n");
            var rates = Enumerable.Range(0, Rounds + 1).Select(_ => Verify(path, count, keys)).Skip(1).Order().ToList();
            var median = rates[rates.Count / 2];
            Console.WriteLine($"entries/s a processor: {rates[0]:N0} {median:N0} {rates[^1]:N0} (least, median, most)");
            var holds = median >= EntriesPerSecondMin;
            Console.WriteLine($"verify >= {EntriesPerSecondMin:N0} entries/s{(holds ? "  holds" : "  MISSED")}");
            return holds ? 0 : 1;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static double Verify(string path, int count, ChainKeys keys)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        using var process = Process.GetCurrentProcess();
        var (cpu, start) = (process.TotalProcessorTime, TimeProvider.System.GetTimestamp());
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var report = new ExportVerification(keys, allowRevoked: false).Verify(stream, []);
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        if (report.Fault is { } fault)
        {
            throw new InvalidOperationException($"A good export has a fault: {fault}");
        }

        Console.WriteLine(
            $"{elapsed.TotalSeconds:0.00} s, {cpu.TotalSeconds:0.00} s of processor time, {allocated:N0} bytes allocated");
        // By processor time: what other processes take of the machine is not the verifier's.
        return count / cpu.TotalSeconds;
    }

    /// <summary>Writes the entries first: what the first line says of them is known after them.</summary>
    private static long Write(string path, int count, KeyPair pair)
    {
        var body = path + ".body";
        try
        {
            var (frontier, last) = (MerkleFrontier.Empty, AuditEntry.Genesis);
            using (var output = File.Create(body))
            {
                for (var seq = 0; seq < count;)
                {
                    var leaves = new List<byte[]>(Batch);
                    for (; leaves.Count < Batch && seq < count; seq++)
                    {
                        var entry = AuditEntry.Compose("bench", seq, last, Time.AddMilliseconds(seq), Event(seq));
                        output.Write(entry.Bytes);
                        output.WriteByte((byte)'\n');
                        last = Convert.ToHexStringLower(entry.Hash);
                        leaves.Add(entry.Hash);
                    }

                    frontier = frontier.Append(leaves);
                }
            }

            using var export = File.Create(path);
            export.Write(Manifest(frontier, last, pair).ToBytes());
            export.WriteByte((byte)'\n');
            using var entries = File.OpenRead(body);
            entries.CopyTo(export);
            return entries.Length;
        }
        finally
        {
            File.Delete(body);
        }
    }

    private static ExportManifest Manifest(MerkleFrontier tree, string last, KeyPair pair)
    {
        var key = new NoteKey(Origin, SignatureAlgorithm.Es256.Name, pair.PublicKey);
        using var signer = SignatureAlgorithm.Es256.ImportPrivate(pair.PrivateKey);
        var text = new Checkpoint(Origin, tree.Size, tree.Root(), Time).Text;
        return new ExportManifest
        {
            Checkpoint = new SignedNote(text, [key.ToNote(signer.Sign(Encoding.UTF8.GetBytes(text)))]).ToString(),
            Consistency = [],
            Count = tree.Size,
            FromConsistency = [],
            Frontier = MerkleFrontier.Empty,
            LastHash = Convert.FromHexString(last),
            Origin = Origin,
            PrevHash = new byte[MerkleTree.HashLength],
            Root = tree.Root(),
            Tenant = "bench",
        };
    }

    private static AuditEvent Event(int seq) => new()
    {
        Id = $"01j9zq{seq.ToString("d20", CultureInfo.InvariantCulture)}",
        Actor = new AuditParty("user", "u-1"),
        Action = "invoice.approve",
        Resource = new AuditParty("invoice", "i-7"),
        Outcome = AuditOutcome.Success,
        Metadata = seq % 2 == 0 ? null : JsonSerializer.SerializeToUtf8Bytes(new { amount = 12, note = "ok" }),
    };
}

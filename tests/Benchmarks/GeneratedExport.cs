using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Verifier;

namespace Gatehouse.Benchmarks;

/// <summary>A sound export of so many entries, in a file that is gone with it.</summary>
internal sealed class GeneratedExport : IDisposable
{
    private const string Origin = "gatehouse/local/bench";
    private const int Batch = 1_000;
    private static readonly DateTimeOffset Time = new(2026, 11, 26, 17, 0, 0, TimeSpan.Zero);

    private readonly string _path;
    private readonly int _count;
    private readonly ChainKeys _keys;

    private GeneratedExport(string path, int count, ChainKeys keys) => (_path, _count, _keys) = (path, count, keys);

    public static GeneratedExport Write(int count)
    {
        var path = Path.Combine(Path.GetTempPath(), $"gatehouse-verifier-{Environment.ProcessId}-{count}.ndjson");
        var pair = SignatureAlgorithm.Es256.Generate();
        Write(path, count, pair);
        var keys = new ChainKeys([new ChainKey("v1", SignatureAlgorithm.Es256.Name, pair.PublicKey)]);
        return new GeneratedExport(path, count, keys);
    }

    /// <summary>Verifies it; entries per second of processor time: what others take is not the verifier's.</summary>
    public double Verify()
    {
        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        using var process = Process.GetCurrentProcess();
        var (cpu, start) = (process.TotalProcessorTime, TimeProvider.System.GetTimestamp());
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var report = new ExportVerification(_keys, allowRevoked: false).Verify(stream, []);
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        if (report.Fault is { } fault)
        {
            throw new InvalidOperationException($"A good export has a fault: {fault}");
        }

        Console.WriteLine($"{_count:N0} entries of {stream.Length / _count} bytes: {elapsed.TotalSeconds:0.00} s, " +
            $"{cpu.TotalSeconds:0.00} s of processor time, {allocated:N0} bytes allocated");
        return _count / cpu.TotalSeconds;
    }

    public void Dispose() => File.Delete(_path);

    /// <summary>Writes the entries first: what the first line says of them is known after them.</summary>
    private static void Write(string path, int count, KeyPair pair)
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

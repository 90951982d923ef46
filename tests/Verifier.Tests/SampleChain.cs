using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;

namespace Gatehouse.Verifier.Tests;

/// <summary>A key of a chain, with its private part.</summary>
internal sealed class SampleKey(string kid, SignatureAlgorithm algorithm)
{
    private readonly KeyPair _pair = algorithm.Generate();

    public ChainKey Public => new(kid, algorithm.Name, _pair.PublicKey);

    public string Sign(Checkpoint checkpoint)
    {
        using var signer = algorithm.ImportPrivate(_pair.PrivateKey);
        var signature = signer.Sign(Encoding.UTF8.GetBytes(checkpoint.Text));
        var key = new NoteKey(checkpoint.Origin, algorithm.Name, _pair.PublicKey);
        return new SignedNote(checkpoint.Text, [key.ToNote(signature)]).ToString();
    }

    public JsonElement Jwk(params (string Name, string Value)[] more) => JsonSerializer.SerializeToElement(
        new Dictionary<string, string>(algorithm.Jwk(_pair.PublicKey)) { ["kid"] = kid, ["use"] = "sig" }
            .Concat(more.Select(member => KeyValuePair.Create(member.Name, member.Value))).ToDictionary());
}

/// <summary>An export as a list of lines, so that tests can change it.</summary>
internal sealed record SampleExport(ExportManifest Manifest, IReadOnlyList<byte[]> Lines)
{
    public byte[] ToBytes() => [.. Manifest.ToBytes(), (byte)'\n', .. Lines.SelectMany(line => line.Append((byte)'\n'))];

    public SampleExport With(IEnumerable<byte[]> lines) => this with { Lines = [.. lines] };
}

/// <summary>A chain, and exports of it.</summary>
internal sealed class SampleChain
{
    public const string Origin = "gatehouse/local/acme";
    public static readonly DateTimeOffset Time = new(2026, 11, 26, 17, 0, 0, TimeSpan.Zero);

    private SampleChain(IReadOnlyList<AuditEntry> entries) => Entries = entries;

    public static SampleKey Key { get; } = new("v1", SignatureAlgorithm.Es256);

    public IReadOnlyList<AuditEntry> Entries { get; }

    public static SampleChain Of(int size) => new SampleChain([]).Grown(size, "invoice.approve");

    /// <summary>The chain with more entries.</summary>
    public SampleChain Grown(int size, string action)
    {
        var entries = Entries.ToList();
        while (entries.Count < size)
        {
            entries.Add(Entry(entries.Count, entries.Count == 0 ? AuditEntry.Genesis : Hex(entries[^1].Hash), action));
        }

        return new SampleChain(entries);
    }

    /// <summary>The first entries, and others behind them.</summary>
    public SampleChain Rewritten(int from) =>
        new SampleChain([.. Entries.Take(from)]).Grown(Entries.Count, "invoice.reject");

    public Checkpoint Checkpoint(int size) => new(Origin, size, Tree(size).Root(), Time.AddSeconds(size));

    public SampleExport Export(int from, int count, int size, SampleKey? key = null) => new(
        new ExportManifest
        {
            Checkpoint = (key ?? Key).Sign(Checkpoint(size)),
            Consistency = Proof(MerkleProof.Consistency(from + count, size)),
            Count = count,
            FromConsistency = Proof(MerkleProof.Consistency(from, size)),
            Frontier = Tree(from),
            LastHash = count == 0 ? new byte[32] : Entries[from + count - 1].Hash,
            Origin = Origin,
            PrevHash = from == 0 || count == 0 ? new byte[32] : Entries[from - 1].Hash,
            Root = Tree(from + count).Root(),
            Tenant = "acme",
        },
        [.. Entries.Skip(from).Take(count).Select(entry => entry.Bytes)]);

    public string Receipt(int index, int size) => new TlogProof
    {
        Index = index,
        Hashes = Proof(MerkleProof.Inclusion(index, size)),
        Checkpoint = SignedNote.Read(Key.Sign(Checkpoint(size))),
    }.ToString();

    public static AuditEntry Entry(long seq, string previous, string action) =>
        AuditEntry.Compose("acme", seq, previous, Time.AddMilliseconds(seq), new AuditEvent
        {
            Id = $"e-{seq}",
            Actor = new AuditParty("user", "u-1"),
            Action = action,
            Outcome = AuditOutcome.Success,
            Metadata = """{"seq":[1,{"prevHash":"x"}],"v":2}"""u8.ToArray(),
        });

    public static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private MerkleFrontier Tree(int size) => MerkleFrontier.Empty.Append(Entries.Take(size).Select(entry => entry.Hash));

    private List<byte[]> Proof(IEnumerable<MerkleRange> ranges) => [.. ranges.Select(range => MerkleFrontier.Empty
        .Append(Entries.Skip((int)range.Start).Take((int)range.Length).Select(entry => entry.Hash)).Root())];
}

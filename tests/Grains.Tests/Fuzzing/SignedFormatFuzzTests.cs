using System.Buffers;
using System.Text;
using System.Text.Json;
using Gatehouse.Fuzzing;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Tests.Auditing;

namespace Gatehouse.Grains.Tests.Fuzzing;

/// <summary>
/// What a chain consists of, changed anywhere: its readers refuse it with their one exception, or what they read is
/// written back byte by byte.
/// </summary>
public class SignedFormatFuzzTests
{
    private const string Note = "o/r/t\n9\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\ntime 2026-11-26T17:00:00.000Z\n";

    private static readonly NaiveTree Tree = NaiveTree.Of(9);
    private static readonly KeyPair Pair = SignatureAlgorithm.Es256.Generate();
    private static readonly byte[] Signature = Sign();
    private static readonly AuditEntry Entry = AuditEntry.Compose(
        "t", 0, AuditEntry.Genesis, DateTimeOffset.UnixEpoch, new AuditEvent
        {
            Id = "e",
            Actor = new AuditParty("user", "u"),
            Action = "a.b",
            Resource = new AuditParty("order", "42"),
            Outcome = AuditOutcome.Success,
            Metadata = """{"seq":[1,{"prevHash":"x"}],"v":2}"""u8.ToArray(),
        });

    private static readonly FuzzTarget[] Targets =
    [
        Target("entry", [Entry.Bytes], ReadEntry),
        new FuzzTarget("row of an entry", [Entry.Bytes], ReadRow,
            static failure => failure is FormatException or ArgumentException),
        Target("signed note", [Bytes($"{Note}\n— o/r/t AAAAAAA=\n— o/r/t AAAAAQE=\n")], ReadNote),
        Target("checkpoint", [Bytes(Note)], static bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes);
            Assert.StartsWith(Checkpoint.Read(text).Text, text, StringComparison.Ordinal);
        }),
        Target("receipt", [Bytes(Receipt())], static bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes);
            Assert.Equal(text, TlogProof.Read(text).ToString());
        }),
        Target("manifest", [Manifest()], static bytes =>
        {
            var manifest = ExportManifest.Read(bytes);
            Assert.Equal(bytes, manifest.ToBytes());
            manifest.FaultOf(new Checkpoint("o/r/t", 9, Tree.Root(9), default));
        }),
        Target("frontier", [MerkleFrontier.Empty.Append(Tree.Leaves).ToBytes()], static bytes =>
            Assert.Equal(bytes, MerkleFrontier.Read(9, bytes).ToBytes())),
        Target("canonical JSON", [Entry.Bytes, Bytes("""{"a":[1.5,-0,1e30,"€\u000f"],"b":{"😀":null}}""")], ReadJson),
        Target("signature of a note", [Signature], static bytes =>
        {
            var key = new NoteKey("o/r/t", "ES256", Pair.PublicKey);
            // Two forms of one signature would be two notes.
            Assert.Equal(bytes.AsSpan().SequenceEqual(Signature), key.Verify(Note, new NoteSignature("o/r/t", key.Id, bytes)));
        }),
    ];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ChangedBytes_AreRefusedOrMeanWhatTheySay(string name) =>
        FuzzRun.Read(Targets.Single(target => target.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Samples_AreRead(string name)
    {
        var target = Targets.Single(one => one.Name == name);

        Assert.All(target.Samples, sample => target.Read(sample));
    }

    private static FuzzTarget Target(string name, IReadOnlyList<byte[]> samples, Action<byte[]> read) =>
        new(name, samples, read, static failure => failure is FormatException);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static void ReadEntry(byte[] bytes)
    {
        var (entry, tenant, previous, _) = AuditEntry.Read(bytes);
        Assert.NotNull(tenant);
        Assert.NotNull(entry.Id);
        Assert.NotNull(previous);
        Assert.Same(bytes, entry.Bytes);
    }

    private static void ReadRow(byte[] bytes)
    {
        var hash = MerkleTree.Leaf(bytes);
        var next = new ChainEnd(Convert.ToHexStringLower(hash), MerkleFrontier.Empty.Append([hash]));

        var row = EntryRow.ReadAll("t", ChainEnd.Empty, next, [bytes])[0];

        Assert.All(new[] { row.ActorType, row.ActorId, row.Action, row.Outcome }, Assert.NotNull);
    }

    private static void ReadNote(byte[] bytes)
    {
        var note = SignedNote.Read(bytes);
        Assert.Equal(bytes, Bytes(note.ToString()));
        new ChainKeys([new ChainKey("v1", "ES256", Pair.PublicKey)]).Verify(note.ToString(), allowRevoked: false);
    }

    private static void ReadJson(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            var once = Canonical(json.RootElement);
            using var again = JsonDocument.Parse(once);
            Assert.Equal(once, Canonical(again.RootElement));
        }
        catch (JsonException)
        {
            // No JSON: that is said before it is asked for another form.
        }
    }

    private static byte[] Canonical(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>();
        CanonicalJson.Write(output, value);
        return output.WrittenSpan.ToArray();
    }

    private static string Receipt() => new TlogProof
    {
        Index = 3,
        Hashes = Tree.Proof(MerkleProof.Inclusion(3, 9)),
        Checkpoint = SignedNote.Read($"{Note}\n— o/r/t AAAAAAA=\n"),
        Extra = [1, 2],
    }.ToString();

    private static byte[] Manifest() => new ExportManifest
    {
        Checkpoint = $"{Note}\n— o/r/t AAAAAAA=\n",
        Consistency = Tree.Proof(MerkleProof.Consistency(5, 9)),
        Count = 2,
        FromConsistency = Tree.Proof(MerkleProof.Consistency(3, 9)),
        Frontier = MerkleFrontier.Empty.Append(Tree.Leaves.Take(3)),
        LastHash = Tree.Leaves[4],
        Origin = "o/r/t",
        PrevHash = Tree.Leaves[2],
        Root = Tree.Root(5),
        Tenant = "t",
    }.ToBytes();

    private static byte[] Sign()
    {
        using var signer = SignatureAlgorithm.Es256.ImportPrivate(Pair.PrivateKey);
        return new NoteKey("o/r/t", "ES256", Pair.PublicKey).ToNote(signer.Sign(Bytes(Note))).Signature;
    }
}

using System.Net;
using System.Text;
using Gatehouse.Fuzzing;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.SigningKeys;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Changes;
using Gatehouse.Grains.Idempotency;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.Tenants;

namespace Gatehouse.Grains.Tests.Fuzzing;

/// <summary>
/// Readers of what callers and operators write: each takes any text, refuses as it says it does, and what it takes is
/// written back as the same.
/// </summary>
public class ParserFuzzTests
{
    private const string Tenants = """
        {"tenants":{"acme":{"policies":{"login":{"limit":10,"window":"00:01:00","allow":["10.0.0.0/8"],
        "overrides":[{"cidr":"198.51.100.0/24","limit":1000}],"coldStart":{"duration":"00:05:00","factor":0.5}}},
        "apiKeys":[{"id":"acme.ci","secretHash":"9f2b7cd2e3a1f0c4b5d6978812345678aabbccddeeff00112233445566778899",
        "scopes":["ratelimit"],"expiresAt":"2035-01-31T12:00:00Z"}]}}}
        """;

    private static readonly FuzzTarget[] Targets =
    [
        FuzzTarget.Of("address", ["203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7", "::"], Address),
        FuzzTarget.Of("network", ["10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.0/104", "0.0.0.0/0"], Network),
        FuzzTarget.Of("counter's key", ["acme/login/i/203.0.113.7", "acme/login/s/a/b", "acme/p/o/"], Counter),
        FuzzTarget.Of("idempotency key's name", ["idempotency:tenant:acme:ep:POST /a/%7Bid%7D:k%3A1"], KeyName),
        FuzzTarget.Of("older record's name", ["idempotency:tenant:acme:ep:POST /a:k", "idempotency:tenant:a:ep:b:tenant%3Ac"],
            text => Assert.StartsWith("idempotency:", LegacyRecord.Of(text)?.Name ?? "idempotency:", StringComparison.Ordinal)),
        FuzzTarget.Of("version", ["v1", "v999999999"], text =>
        {
            var isRead = KeyVersions.TryParse(text, out var number);
            Assert.True(!isRead || KeyVersions.Name(number) == text);
        }),
        FuzzTarget.Of("time", ["2026-11-26T17:00:00.000Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"], text =>
        {
            var isRead = UtcMilliseconds.TryRead(text, out var time);
            Assert.True(!isRead || UtcMilliseconds.ToText(time) == text);
        }),
        FuzzTarget.Of("names", ["acme", "a-1", "login.v2_x"], text =>
            Assert.True(!(TenantNames.IsTenant(text) || TenantNames.IsPolicy(text)) || Uri.EscapeDataString(text) == text)),
        FuzzTarget.Of("scope", Scopes.All, text =>
            Assert.Equal(text is "keys" or "keys:sign", Scopes.Allow([text], Scopes.KeysSign))),
        FuzzTarget.Of("revoked version", ["v1", "acme:v2"], text =>
        {
            var isEntry = RevokedVersions.IsEntry(text);
            Assert.True(!isEntry || new RevokedVersions([text]).Contains(text[..Math.Max(0, text.IndexOf(':'))],
                int.Parse(text[(text.LastIndexOf('v') + 1)..])));
        }),
        FuzzTarget.Of("change message", [Message()], Change),
        FuzzTarget.Of("tenants file", [Tenants], text => DeclaredTenantsReader.Parse("f.json", Encoding.UTF8.GetBytes(text)),
            failure => failure is InvalidOperationException && failure.Message.Contains("'f.json'", StringComparison.Ordinal)),
    ];

    private static readonly string[] Pieces =
        ["a", "%", "%3A", ":", "/", "{", "[", "\"", "1", ".", "é", "\ud83d\ude00", ",", " ", "t:"];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyText_IsReadOrRefused(string name) => FuzzRun.Read(Targets.Single(target => target.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public void LongText_TakesNoLongTime(string name) =>
        FuzzRun.ReadLong(Targets.Single(target => target.Name == name), Pieces);

    private static void Address(string text)
    {
        if (ClientAddress.TryParse(text, out var address, out var rule))
        {
            Assert.True(ClientAddress.TryParse(address.ToString(), out var again, out _) && again.Equals(address));
            Assert.Equal(ClientAddress.Subject(address, 64), ClientAddress.Subject(again, 64));
            Assert.Equal(ClientAddress.Canonical(IPAddress.Parse(text)), address);
        }
        else
        {
            Assert.StartsWith("must ", rule, StringComparison.Ordinal);
        }
    }

    private static void Network(string text)
    {
        if (CidrBlock.TryParse(text, out var block, out var rule))
        {
            Assert.True(CidrBlock.TryParse(block.ToString(), out var again, out _) && again == block);
            Assert.DoesNotContain(text, char.IsControl);
        }
        else
        {
            Assert.StartsWith("must ", rule, StringComparison.Ordinal);
        }
    }

    private static void Counter(string text)
    {
        if (RateLimitKey.TryParse(text, out var key))
        {
            Assert.Equal(text, key.ToString());
        }
    }

    private static void KeyName(string text)
    {
        if (IdempotencyKeyName.TryParse(text, out var tenant, out var endpoint, out var key))
        {
            Assert.Equal(text, IdempotencyKeyName.Of(tenant, endpoint, key));
        }
    }

    private static string Message()
    {
        var batch = new ChangeBatch();
        batch.AddSubject("t/p/s/x");
        batch.AddTenant("t", "1.");
        return Encoding.UTF8.GetString(batch.Message("me", 3, 7).Write());
    }

    /// <summary>As the listener uses it: whatever was read names subjects, tenants and versions.</summary>
    private static void Change(string text)
    {
        if (ChangeMessage.TryRead(Encoding.UTF8.GetBytes(text), out var message))
        {
            Assert.NotNull(message.Sender);
            Assert.All(message.Subjects ?? [], Assert.NotNull);
            Assert.All(message.Tenants ?? new Dictionary<string, string>(), tenant => Assert.NotNull(tenant.Value));
            Assert.All(message.Rings ?? new Dictionary<string, string>(), ring => Assert.NotNull(ring.Value));
            new ChangeWatch("other", 10, 20).Hear(message);
        }
    }
}

using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.ApiHost.Auditing;
using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Fuzzing;
using Gatehouse.Grains.Abstractions.RateLimiting;
using Gatehouse.Grains.Abstractions.Tenants;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.RateLimiting;
using Gatehouse.Grains.Tenants;
using Gatehouse.Silo;
using Gatehouse.Silo.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>
/// Readers of headers, paths, queries and settings, and of tenants as they are stored: each takes any text, and refuses as it
/// says it does.
/// </summary>
public class ParserFuzzTests
{
    private static readonly ClientAddressResolver Clients =
        new(Options.Create(new HttpOptions { TrustedProxies = { "10.0.0.1" } }));

    private static readonly FuzzTarget[] Targets =
    [
        FuzzTarget.Of("API key", [ApiKeyToken.CreateFor("acme.ci"), "gh_acme.ci_x"], Key),
        FuzzTarget.Of("time", ["2030-01-31T12:00:00Z", "0001-01-01T00:00:00.5+00:00", "9999-12-31T23:59:59.9-00:01"], text =>
            Assert.True(!Rfc3339.TryParse(text, out var time) || Rfc3339.TryParse($"{time:yyyy-MM-ddTHH:mm:ss}Z", out _))),
        FuzzTarget.Of("Basic", [$"Basic {Convert.ToBase64String("admin:key"u8)}"], text =>
            Assert.True(!BasicPassword.TryRead(text, out var password) || password.Length <= text.Length)),
        FuzzTarget.Of("tile", ["x001/x234/067", "000.p/7", "000"], Tile),
        FuzzTarget.Of("If-Match", ["\"1\", \"2\"", "*", "W/\"1\""], text =>
            Assert.NotNull(ETags.Precondition(With("If-Match", text)))),
        FuzzTarget.Of("X-Forwarded-For", ["203.0.113.7, 10.0.0.1", "2001:db8::1"], text =>
        {
            var client = Clients.Stated(With(ClientAddressResolver.Header, text));
            Assert.True(client is null || ClientAddress.TryParse(client.ToString(), out _, out _));
        }),
        FuzzTarget.Of("Idempotency-Key", ["k-1", "\"k 1;\"", "\"a\\\"b\""], text =>
            Assert.True(IdempotencyKeyHeader.TryRead(text, out var key) is null == key is { Length: >= 1 and <= 255 })),
        FuzzTarget.Of("endpoint", ["POST /orders/{id:guid}/refund", "GET /a/7", "PUT /{**rest}"], text =>
        {
            var isRead = EndpointName.TryRead(text, out var name);
            // An id of one digit becomes a longer name than a caller may send.
            Assert.True(!isRead || name.Length > EndpointName.LengthMax
                || (EndpointName.TryRead(name, out var again) && again == name), name);
        }),
        FuzzTarget.Of("Prefer", ["wait=10", "a, wait=1"], text => Assert.InRange(
            PreferHeader.Wait(With("Prefer", text).Headers, TimeSpan.FromSeconds(30)), TimeSpan.Zero, TimeSpan.FromSeconds(30))),
        FuzzTarget.Of("fingerprint", ["a=1&b=2&a=3"], text => Assert.Equal(64,
            RequestFingerprint.Of("POST", "/a", text, text, Encoding.UTF8.GetBytes(text)).Length)),
        FuzzTarget.Of("cursor", [Base64Url.EncodeToString("p"u8)], text =>
        {
            var page = Pages.Cut(["a", "p", "q"], static name => name, 1, text, out var fault);
            Assert.True(page is null == (fault is not null));
        }),
        FuzzTarget.Of("audit query", ["user:7", "2026-01-31T12:00:00Z", "success"], text => new EventsQuery
        {
            Actor = text, Resource = text, Action = text, Since = text, Until = text, Outcome = text,
        }.TryRead(out _)),
        FuzzTarget.Of("audit events",
            ["""{"events":[{"actor":{"type":"user","id":"7"},"action":"a","outcome":"denied"}]}"""], Events,
            static failure => failure is JsonException),
        FuzzTarget.Of("INFO of a Redis", ["aof_enabled:1\r\nmaxmemory_policy:noeviction\r\n"], text =>
            Assert.NotNull(RedisPersistence.Faults(RedisPersistence.Read(text)))),
        FuzzTarget.Of("connection of a Redis", ["redis-1:6379,user=u,password=p,ssl=true,connectTimeout=5000"], text =>
            Assert.All(new RedisOptions { ConnectionString = text }.Faults(), fault =>
                Assert.StartsWith("Gatehouse:Redis:", fault, StringComparison.Ordinal))),
        FuzzTarget.Of("connection of an archive",
            ["Host=db;Database=gatehouse;Username=u;Port=5432;Timeout=5", "Data Source=/a/b.db;Cache=Shared"], Archive),
        FuzzTarget.Of("tenant as it is stored", [Tenant()], Stored, static failure => failure is JsonException),
    ];

    private static readonly string[] Pieces =
        ["a", "%", "/", "{", "[", "\"", "1", ".", "é", ",", " ", "=", "&a", "{:}", "x001/", "wait=1,"];

    public static TheoryData<string> Names { get; } = [.. Targets.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyText_IsReadOrRefused(string name) => FuzzRun.Read(Targets.Single(target => target.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public void LongText_TakesNoLongTime(string name) =>
        FuzzRun.ReadLong(Targets.Single(target => target.Name == name), Pieces);

    private static HttpRequest With(string header, string value)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = new StringValues(value.Split('\n'));
        return request;
    }

    private static void Key(string text)
    {
        if (ApiKeyToken.TryParse(text, out var tenant, out var id))
        {
            Assert.StartsWith($"gh_{tenant}.", text, StringComparison.Ordinal);
            Assert.True(TenantNames.IsTenant(tenant) && id.Length > tenant.Length);
            Assert.False(ApiKeyToken.Matches(text, new string('0', 64)));
        }
    }

    /// <summary>One path for one tile.</summary>
    private static void Tile(string text)
    {
        if (TilePath.TryParse(text, out var tile))
        {
            var digits = tile.Index.ToString(CultureInfo.InvariantCulture);
            var parts = digits.PadLeft((digits.Length + 2) / 3 * 3, '0').Chunk(3).Select(part => new string(part)).ToList();
            Assert.Equal(text, string.Join('/', parts.Select((part, place) => place < parts.Count - 1 ? $"x{part}" : part))
                + (tile.Width == TilePath.WidthMax ? "" : $".p/{tile.Width}"));
        }
    }

    /// <summary>Any text is one that works, or a setting that is named as wrong, without what may be a password.</summary>
    private static void Archive(string text)
    {
        foreach (var provider in Enum.GetValues<ArchiveProvider>())
        {
            var options = new ArchiveOptions { Provider = provider, ConnectionString = text };
            Assert.All(options.Validate(new ValidationContext(options)), fault =>
                Assert.StartsWith("Gatehouse:Archive:", fault.ErrorMessage, StringComparison.Ordinal));
        }
    }

    private static void Events(string text)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        ApiJson.Configure(options);
        if (JsonSerializer.Deserialize<AppendRequest>(text, options) is { } request)
        {
            var fault = AuditEventReader.TryRead(request, "k", out var events);
            Assert.Equal(fault is null, events.Count > 0);
        }
    }

    private static string Tenant() => new JsonStateSerializer().Serialize(new TenantState
    {
        Version = 3,
        Status = TenantStatus.Active,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Policies = new()
        {
            ["p"] = new StoredPolicy
            {
                Version = 2,
                Policy = RateLimitPolicy.BuiltIn with
                {
                    Allow = ["10.0.0.0/8"], Overrides = [new() { Subject = "a", Limit = 5 }],
                },
            },
        },
        ApiKeys = new()
        {
            ["t.k"] = new ApiKeyRecord { Id = "t.k", SecretHash = new string('a', 64), Scopes = ["ratelimit"] },
        },
    }).ToString();

    /// <summary>As a tenant's grain uses it.</summary>
    private static void Stored(string text)
    {
        var state = new JsonStateSerializer().Deserialize<TenantState>(BinaryData.FromString(text));
        Assert.All(state.Policies, stored => Assert.Empty(PolicyRules.Validate(stored.Key, stored.Value.Policy)));
        Assert.All(state.ApiKeys.Values, key => Scopes.Allow(key.Scopes, Scopes.KeysSign));
    }
}

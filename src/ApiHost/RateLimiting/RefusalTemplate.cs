using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>
/// The body of a refusal, written once by <see cref="CheckRefusal"/> and cut where the numbers stand that count down
/// and the id of the request. Subjects of one policy that are refused alike share it.
/// </summary>
internal sealed class RefusalTemplate
{
    private static readonly ConditionalWeakTable<RateLimitPolicy, RefusalTemplate> Latest = [];

    private readonly string _policy;
    private readonly RateLimitDecision _decision;
    private readonly byte[] _beforeReset;
    private readonly byte[] _beforeRetry;
    private readonly byte[] _beforeRequestId;
    private readonly byte[] _end;

    private RefusalTemplate(string policy, in RateLimitDecision decision)
    {
        (_policy, _decision) = (policy, decision);
        var body = Render(policy, decision);
        // A quote inside a string is escaped, so each of these is the member itself.
        var reset = After(body, "\"resetAfterMs\":"u8);
        var retry = After(body, "\"retryAfterMs\":"u8);
        var requestId = After(body, "\"requestId\":\""u8);
        _beforeReset = body[..reset];
        _beforeRetry = body[SkipNumber(body, reset)..retry];
        _beforeRequestId = body[SkipNumber(body, retry)..requestId];
        _end = body[requestId..];
    }

    /// <summary>
    /// The template of a refusal; the last one of the policy, when that was the same but for its waits.
    /// </summary>
    public static RefusalTemplate For(string name, RateLimitPolicy policy, in RateLimitDecision decision)
    {
        var timeless = decision with { MoreAfter = default, ResetAfter = default, RetryAfter = TimeSpan.Zero };
        if (!Latest.TryGetValue(policy, out var template) || template._policy != name || template._decision != timeless)
        {
            template = new RefusalTemplate(name, timeless);
            Latest.AddOrUpdate(policy, template);
        }

        return template;
    }

    /// <summary>The most bytes a body can have with a request id of that length.</summary>
    public int LengthMax(string requestId) =>
        _beforeReset.Length + _beforeRetry.Length + _beforeRequestId.Length + _end.Length
        + (2 * 20) + Encoding.UTF8.GetMaxByteCount(requestId.Length);

    /// <summary>Writes the body and answers its length.</summary>
    public int Write(Span<byte> to, TimeSpan resetAfter, TimeSpan retryAfter, string requestId)
    {
        var rest = Put(to, _beforeReset);
        rest = Put(rest, resetAfter);
        rest = Put(rest, _beforeRetry);
        rest = Put(rest, retryAfter);
        rest = Put(rest, _beforeRequestId);
        rest = rest[Encoding.UTF8.GetBytes(requestId, rest)..];
        rest = Put(rest, _end);
        return to.Length - rest.Length;
    }

    private static byte[] Render(string policy, in RateLimitDecision decision)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        CheckRefusal.From(policy, decision).Write(json, requestId: "");
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static int After(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name) => body.IndexOf(name) + name.Length;

    private static int SkipNumber(ReadOnlySpan<byte> body, int at) =>
        at + body[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');

    private static Span<byte> Put(Span<byte> to, byte[] bytes)
    {
        bytes.CopyTo(to);
        return to[bytes.Length..];
    }

    private static Span<byte> Put(Span<byte> to, TimeSpan time)
    {
        (time.Ticks / TimeSpan.TicksPerMillisecond).TryFormat(to, out var length, provider: null);
        return to[length..];
    }
}

using System.Text;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>Requests that nobody sends by mistake.</summary>
internal sealed class HostileRequests(ValidRequests valid)
{
    private static readonly string[] PathParts =
    [
        "%2F", "%00", "..", "%2e%2e", "%2E%2E%2Fv1", ".", "%", "%zz", "%C0%AF", "%FF", "%ED%A0%80", "%F0%9F%98%80", ";a=b", "a;b",
        "\\", "a%5Cb", "{tenant}", "%7B0%7D", "%0d%0aX-Injected:%201", "%E2%80%AE", "$ne", "*", "a%00b", "",
    ];

    private static readonly string[] QueryParts =
    [
        "limit=1&limit=2", "=", "&&&", "limit", "%00=%00", "from=%FF", "cursor=%ED%A0%80", "actor=%00", "limit=%0a1", "a[]=1",
        "cursor=////", "cursor=AA==", "key=%F0%9F%98%80", "x=%", "limit=1;from=2", "from=1%002", "?", "#", "limit=+1",
        "limit=%201", "since=2026-01-31T12:00:00Z%00", "cost=NaN", "cost=", "proof=1", "revoked=", "first=&second=",
    ];

    private static readonly string[] Names =
        ["X-Long", "Idempotency-Key", "Authorization", "Cookie", "X-Forwarded-For", "Accept"];

    public RawRequest Make(Random random, ApiOperation operation)
    {
        var request = valid.Make(random, operation);
        return random.Next(10) switch
        {
            < 5 when operation.Body is not null => Body(random, request),
            < 6 when operation.Body is null => request with
            {
                What = "a body that nobody asked for", Body = [.. "{\"a\":"u8], Headers = [.. request.Headers, Json],
            },
            < 8 => Path(random, request),
            < 9 => request with
            {
                What = "query", Query = [.. request.Query, Pick(random, QueryParts)], MayBreakHttp = true,
            },
            _ => Framing(random, request),
        };
    }

    private static (string, string) Json => ("Content-Type", "application/json");

    private static RawRequest Body(Random random, RawRequest request)
    {
        var whole = request.Body!;
        var (what, body) = random.Next(14) switch
        {
            0 => ("truncated", whole[..random.Next(whole.Length)]),
            1 => ("deep lists", Encoding.ASCII.GetBytes(new string('[', 10_000))),
            2 => ("deep objects", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 10_000)))),
            3 => ("empty", []),
            4 => ("a mark of the byte order", [0xEF, 0xBB, 0xBF, .. whole]),
            5 => ("invalid UTF-8", Spliced(random, whole, [0xC3, 0x28])),
            6 => ("a NUL", Spliced(random, whole, [0])),
            7 => ("a lone surrogate", Spliced(random, whole, [.. "\\ud800"u8])),
            8 => ("UTF-16", Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(whole))),
            9 => ("spaces", Encoding.ASCII.GetBytes(new string(' ', random.Next(2) == 0 ? 60_000 : 1024 * 1024))),
            10 => ("a long name", Encoding.UTF8.GetBytes($$"""{"{{new string('é', 20_000)}}":1}""")),
            11 => ("many names", Encoding.ASCII.GetBytes(
                $"{{{string.Join(',', Enumerable.Range(0, 6000).Select(i => $"\"{i}\":1"))}}}")),
            12 => ("a long number", Encoding.ASCII.GetBytes($$"""{"limit":{{new string('9', 50_000)}}}""")),
            _ => ("two documents", [.. whole, .. whole]),
        };
        return request with { What = what, Body = body, IsChunked = random.Next(4) == 0 };
    }

    private static RawRequest Path(Random random, RawRequest request)
    {
        var parts = request.Path.Split('/').ToList();
        var at = random.Next(1, parts.Count);
        var part = Pick(random, PathParts);
        if (random.Next(2) == 0)
        {
            parts[at] = part;
        }
        else
        {
            parts.Insert(at, part);
        }

        return request with
        {
            What = $"path part {part}", Path = string.Join('/', parts), Strays = true, MayBreakHttp = true,
        };
    }

    private static RawRequest Framing(Random random, RawRequest request) => random.Next(7) switch
    {
        0 => request with
        {
            What = "another method", Strays = true, MayBreakHttp = true,
            Method = Pick(random, ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "X"]),
        },
        1 => request with
        {
            What = "many headers", MayBreakHttp = true,
            Headers = [.. request.Headers, .. Enumerable.Range(0, random.Next(30, 120)).Select(i => ($"X-{i}", "v"))],
        },
        2 => request with
        {
            What = "a long header", MayBreakHttp = true,
            Headers = [.. request.Headers, (Pick(random, Names), new string('h', random.Next(1000, 20_000)))],
        },
        3 => request with
        {
            What = "a long path", MayBreakHttp = true, Strays = true,
            Path = $"{request.Path}/{new string('p', random.Next(100, 20_000))}",
        },
        4 => request with
        {
            What = "a control character in a header", MayBreakHttp = true,
            Headers = [.. request.Headers, (Pick(random, Names), Pick(random, ["a\0b", "a\u0001b", "a\tb", "\u007f"]))],
        },
        5 => request with
        {
            What = "a header twice", MayBreakHttp = true, Headers = [.. request.Headers, request.Headers[0]],
        },
        _ => request with
        {
            What = "too large a body", Body = new byte[1024 * 1024 + random.Next(2)], IsChunked = random.Next(2) == 0,
            Headers = [.. request.Headers, Json], MayBreakHttp = true,
        },
    };

    private static byte[] Spliced(Random random, byte[] whole, byte[] part)
    {
        var at = random.Next(whole.Length + 1);
        return [.. whole[..at], .. part, .. whole[at..]];
    }

    private static string Pick(Random random, string[] all) => all[random.Next(all.Length)];
}

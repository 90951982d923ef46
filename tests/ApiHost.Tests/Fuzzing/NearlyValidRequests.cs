using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>Requests with one thing wrong, as callers get them wrong.</summary>
internal sealed class NearlyValidRequests(ValidRequests valid)
{
    private static readonly string[] Numbers =
    [
        "0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "9007199254740992", "1e400", "-1e400", "1.5", "1e2", "0.0", "-0", "1E+308", "00", "+1",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "\"\"", "\" \"", "{}", "[]", "[null]", "[[]]", "[{}]", "{\"a\":null}", "\"null\"", "\"\\u0000\"",
        "\"\\ud800\"", "\"24:00:00\"", "\"10675199.02:48:05.4775807\"", "\"-00:00:01\"", "\"2026-02-30T00:00:00Z\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"::\"", "\"0.0.0.0/0\"", "\"a:\"", "\":a\"",
        "\"v0\"", "\"v2147483647\"", "\"=\"", "\"AA\"", "\"/\"", "\"GET /\"", "\"gatehouse:x\"", "\"default\"",
    ];

    // Raw, so that some are not what a library would send: each is one header line.
    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("Idempotency-Key", ["", "\"\"", "\"", "a,b", "\"a\";p=1", "a b", new string('k', 256), "\"a\\\"", "k\u00e9"]),
        ("Authorization", ["", "Bearer", "Bearer  ", "bearer x", "Basic eDp5", "Bearer gh_a.b_", "Bearer gh_..._", "Digest a=b",
            $"Bearer gh_{new string('a', 5000)}", "Bearer \u00e9\u00ff", "Bearer a, Bearer b"]),
        ("traceparent", ["", "00", "00-00000000000000000000000000000000-0000000000000000-00", "zz-x-y-z",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]),
        ("tracestate", ["=", "a=1,a=1", new string('a', 600)]),
        ("baggage", ["=", ",,,", "a=%zz"]),
        ("If-Match", ["", "*", "\"", "x", "W/\"1\"", "\"1\", \"2\"", ",", new string('"', 999)]),
        ("If-None-Match", ["", "*", "\"x\"", "W/*", "**"]),
        ("X-Request-Id", ["", "a b", new string('r', 65), "<script>", "\u00e9"]),
        ("Prefer", ["wait", "wait=-1", "wait=0", "wait=99999999999999999999", "wait=0,wait=0", "=,=", "respond-async"]),
        ("Accept", ["", "text/plain", "text/*;q=0", "*/*;q=2", ";", "text/html;q=x", "a/b/c",
            "application/json;q=0.1, text/plain"]),
        ("Last-Event-ID", ["", "-1", "x", "9223372036854775807", "9223372036854775808", "0x1", "1.0"]),
        ("X-Forwarded-For", ["", ",", "unknown", "1.2.3.4, ", "1.2.3.4:80", "[::1]", "999.1.1.1", "%", string.Concat(
            Enumerable.Repeat("1.1.1.1,", 100))]),
        ("X-Gatehouse-Key", ["", "x", "gh_a.b_c", "Bearer x"]),
        ("Content-Type", ["", "text/plain", "application/json; charset=utf-16", "application/json; charset=nonsense",
            "application/json; charset=", "application/json;", "application/json; charset=\"UTF-8\"",
            "application/problem+json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded",
            "json", "*/*", "application/json; charset=utf-8; charset=x", "application/jsonx"]),
        ("Content-Encoding", ["gzip", "br", "nonsense"]),
        ("Accept-Encoding", ["*;q=0", "nonsense", "identity;q=0"]),
        ("Range", ["bytes=0-1", "bytes=-1", "nonsense"]),
        ("Forwarded", ["for=1.2.3.4", "=;=,="]),
        ("X-HTTP-Method-Override", ["DELETE"]),
        ("Connection", ["keep-alive, Authorization"]),
    ];

    public RawRequest Make(Random random, ApiOperation operation) => random.Next(10) switch
    {
        < 5 when operation.Body is not null => Body(random, operation),
        < 6 => Header(random, valid.Make(random, operation)),
        < 7 when valid.Make(random, operation) is var whole => WithoutHeader(random, whole),
        < 8 => Path(random, operation),
        _ => Query(random, operation),
    };

    private RawRequest Body(Random random, ApiOperation operation)
    {
        var body = valid.Body(random, operation)!;
        var request = valid.From(random, operation, body);
        var text = body.ToJsonString();
        var places = JsonPlaces.Of(text);
        var place = places[random.Next(places.Count)];
        var value = random.Next(2) == 0 ? Pick(random, Numbers) : Pick(random, Values);
        var (what, changed) = random.Next(7) switch
        {
            0 => ("a member is missing", place.Without(text)),
            1 => ("a member is there twice", place.Twice(text)),
            2 => ("a member that is not known", place.Beside(text, $"\"{Pick(random, ["x", "", "a\\nb", "$type"])}\":{value}")),
            3 => ("a member's name in another case", place.Renamed(text)),
            4 => ("a text that is too long", place.With(text, $"\"{new string(Pick(random, ["a", "é", "\\n"])[0], 5000)}\"")),
            5 => ("a long list", place.With(text, $"[{string.Join(',', Enumerable.Repeat(value, 1000 + random.Next(2)))}]")),
            _ => ($"a value is {value}", place.With(text, value)),
        };
        return request with { What = what, Body = Encoding.UTF8.GetBytes(changed) };
    }

    private static RawRequest Header(Random random, RawRequest request)
    {
        var (name, values) = Headers[random.Next(Headers.Length)];
        var value = Pick(random, values);
        // Latin-1 on the wire where UTF-8 is expected is no HTTP for this server.
        var isText = value.All(char.IsAscii);
        List<(string, string)> headers = [.. request.Headers];
        if (random.Next(4) > 0)
        {
            headers.RemoveAll(header => header.Item1 == name);
        }

        headers.Add((name, value));
        return request with
        {
            What = $"{name}: {value}", Headers = headers, MayBreakHttp = !isText,
        };
    }

    private static RawRequest WithoutHeader(Random random, RawRequest request)
    {
        var at = random.Next(request.Headers.Count);
        return request with
        {
            What = $"without {request.Headers[at].Name}", Headers = [.. request.Headers.Where((_, place) => place != at)],
        };
    }

    private RawRequest Path(Random random, ApiOperation operation)
    {
        var request = valid.Make(random, operation);
        var parts = request.Path.Split('/');
        var at = random.Next(1, parts.Length);
        parts[at] = Pick(random, [
            "a", "NOT%20A%20NAME", "-", "%C3%A9", new string('a', 65), new string('a', 3000), "v99", "v0", "-1", "1e3",
            "9223372036854775807", "9223372036854775808", "0", "x001", "000.p", ".p", "%3F", "null", "*", "~", "%25", "%252F"]);
        return request with { What = $"path part {at}", Path = string.Join('/', parts), Strays = true };
    }

    private RawRequest Query(Random random, ApiOperation operation)
    {
        var request = valid.Make(random, operation);
        List<string> query = [.. request.Query];
        string[] names = ["x", "limit", "from", "cursor", .. operation.Parameters.Where(one => one.In == "query")
            .Select(one => one.Name)];
        var name = Pick(random, names);
        var value = random.Next(2) == 0 ? Pick(random, Numbers) : Uri.EscapeDataString(Pick(random, Values).Trim('"'));
        query.Add($"{name}={value}");
        if (random.Next(3) == 0)
        {
            query.Add($"{name}={Pick(random, Numbers)}");
        }

        return request with { What = $"query {name}", Query = query };
    }

    private static string Pick(Random random, string[] all) => all[random.Next(all.Length)];
}

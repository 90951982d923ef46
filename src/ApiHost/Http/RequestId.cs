using System.Buffers;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Names a request in its answer, its problem body and the log. A caller may bring a name of its own.
/// </summary>
internal static class RequestId
{
    private const string Header = "X-Request-Id";
    private const int LengthMax = 64;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static void Set(HttpContext context)
    {
        string? given = context.Request.Headers[Header];
        if (given is { Length: > 0 and <= LengthMax } && given.AsSpan().IndexOfAnyExcept(Alphabet) < 0)
        {
            context.TraceIdentifier = given;
        }

        context.Response.Headers[Header] = context.TraceIdentifier;
    }
}

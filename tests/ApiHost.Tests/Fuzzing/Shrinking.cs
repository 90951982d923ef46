namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>Makes a failing request smaller, as long as it breaks the same promise.</summary>
internal static class Shrinking
{
    private const int AttemptsMax = 80;

    /// <param name="failing">The request.</param>
    /// <param name="breaks">Whether another one breaks the same promise.</param>
    public static async Task<RawRequest> SmallestAsync(RawRequest failing, Func<RawRequest, Task<bool>> breaks)
    {
        var attempts = 0;
        var isSmaller = true;
        while (isSmaller && attempts < AttemptsMax)
        {
            isSmaller = false;
            foreach (var smaller in Smaller(failing))
            {
                if (attempts++ < AttemptsMax && await breaks(smaller))
                {
                    (failing, isSmaller) = (smaller, true);
                    break;
                }
            }
        }

        return failing;
    }

    private static IEnumerable<RawRequest> Smaller(RawRequest request)
    {
        for (var i = 0; i < request.Query.Count; i++)
        {
            yield return request with { Query = [.. request.Query.Where((_, place) => place != i)] };
        }

        for (var i = 0; i < request.Headers.Count; i++)
        {
            yield return request with { Headers = [.. request.Headers.Where((_, place) => place != i)] };
            var (name, value) = request.Headers[i];
            if (value.Length > 1)
            {
                var half = (name, value[..(value.Length / 2)]);
                yield return request with
                {
                    Headers = [.. request.Headers.Select((header, place) => place == i ? half : header)],
                };
            }
        }

        if (request.IsChunked)
        {
            yield return request with { IsChunked = false };
        }

        for (var size = (request.Body?.Length ?? 0) / 2; size > 0; size /= 2)
        {
            yield return request with { Body = request.Body![..size] };
            yield return request with { Body = request.Body![size..] };
            yield return request with { Body = [.. request.Body![..(size / 2)], .. request.Body![(size / 2 + size)..]] };
        }
    }
}

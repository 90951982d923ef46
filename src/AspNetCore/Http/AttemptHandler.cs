namespace Gatehouse.AspNetCore.Http;

/// <summary>
/// One attempt: the answer is read whole within its time, so that a body that never ends is a time-out, too; and what
/// may have had its effect is noted.
/// </summary>
internal sealed class AttemptHandler : DelegatingHandler
{
    private const int AnswerBytesMax = 8 * 1024 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(AnswerBytesMax, cancellationToken);
            if (CallPipeline.IsTransient(response.StatusCode) && await MaybeAppliedAsync(response))
            {
                Call.Of(request)?.MaybeApplied = true;
            }

            return response;
        }
        catch (Exception failure)
        {
            response?.Dispose();
            if (!IsUnsent(failure))
            {
                Call.Of(request)?.MaybeApplied = true;
            }

            throw;
        }
    }

    private static bool IsUnsent(Exception failure) => failure is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    /// <summary>Overload is answered with a 429, which says whether the call may have been applied.</summary>
    private static async Task<bool> MaybeAppliedAsync(HttpResponseMessage response) =>
        response.StatusCode is not System.Net.HttpStatusCode.TooManyRequests
        || ProblemDocument.Read(await response.Content.ReadAsByteArrayAsync()) is { Applied: "unknown" };
}

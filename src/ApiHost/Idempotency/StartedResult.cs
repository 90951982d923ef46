using Gatehouse.ApiHost.Http;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>
/// A <see cref="BeginResponse"/> of a request that may start, written straight to the connection: what nearly every
/// call of begin is answered.
/// </summary>
internal sealed class StartedResult(long epoch, TimeSpan lease) : IResult
{
    private readonly long _epoch = epoch;
    private readonly TimeSpan _lease = lease;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        return JsonAnswer.WriteAsync(httpContext, this, static (json, result) =>
        {
            json.WriteStartObject();
            json.WriteString("state"u8, "started"u8);
            json.WriteNumber("epoch"u8, result._epoch);
            json.WriteNumber("leaseMs"u8, (long)result._lease.TotalMilliseconds);
            json.WriteNull("response"u8);
            json.WriteEndObject();
        });
    }
}

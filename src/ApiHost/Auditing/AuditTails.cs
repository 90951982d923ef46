using System.Buffers;
using System.Globalization;
using System.Text;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Abstractions.Resilience;

namespace Gatehouse.ApiHost.Auditing;

/// <summary>
/// The streams that follow chains. Each holds a connection and a page at most; there are so many at most.
/// </summary>
internal sealed class AuditTails(
    IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, HttpMetrics metrics)
{
    /// <summary>How many this host serves at the same time.</summary>
    public const int TailsMax = 1_000;

    /// <summary>How many of them one tenant may have, so that none can take the streams of all others.</summary>
    public const int TenantTailsMax = 100;

    private const int PartMax = 100;

    /// <summary>A stream ends after this, so that a credential that was revoked is not good for ever.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _byTenant = new(StringComparer.Ordinal);
    private int _tails;

    /// <summary>A stream from a place on; a problem where there are as many as there may be.</summary>
    public IResult Follow(string tenant, long next) => new Tail(this, tenant, next);

    private bool TryEnter(string tenant)
    {
        lock (_lock)
        {
            var own = _byTenant.GetValueOrDefault(tenant);
            if (_tails >= TailsMax || own >= TenantTailsMax)
            {
                return false;
            }

            (_tails, _byTenant[tenant]) = (_tails + 1, own + 1);
            return true;
        }
    }

    private void Leave(string tenant)
    {
        lock (_lock)
        {
            _tails--;
            if (--_byTenant[tenant] == 0)
            {
                _byTenant.Remove(tenant);
            }
        }
    }

    private async Task StreamAsync(string tenant, long next, HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // For nginx, which would wait for more.
        response.Headers["X-Accel-Buffering"] = "no";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        var began = time.GetTimestamp();
        try
        {
            await WriteAsync(response, "retry: 1000\n\n", end.Token);
            while (time.GetElapsedTime(began) < Lifetime)
            {
                next = await TrySendAsync(tenant, next, response, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader left, or this host stops: the reader connects to another one, with the last id.
        }
    }

    /// <summary>Sends what there is from a place on, or a sign of life. Answers where to go on.</summary>
    private async Task<long> TrySendAsync(string tenant, long next, HttpResponse response, CancellationToken end)
    {
        AuditSearchPage page;
        try
        {
            await grains.AuditChain(tenant).WaitAsync(next).WaitAsync(end);
            page = await grains.AuditReader(tenant).ReadAsync(next, PartMax).WaitAsync(end);
        }
        catch (Exception failure) when (failure is ServiceOverloadedException or TimeoutException or OrleansException)
        {
            // Nothing is left out: it goes on from here once that is over.
            metrics.TailWaited();
            await WriteAsync(response, ": waiting\n\n", end);
            await Task.Delay(AgainAfter, time, end);
            return next;
        }

        if (page.Entries.Count == 0)
        {
            await WriteAsync(response, ": alive\n\n", end);
            if (page.Head.IsFrozen)
            {
                await Task.Delay(AgainAfter, time, end);
            }

            // What was deleted does not come any more.
            return Math.Max(next, page.PrunedBefore);
        }

        return await SendAsync(Math.Max(next, page.PrunedBefore), page.Entries, response, end);
    }

    private static async Task<long> SendAsync(
        long next, IReadOnlyList<byte[]> entries, HttpResponse response, CancellationToken end)
    {
        foreach (var entry in entries)
        {
            response.BodyWriter.Write(Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"id: {next++}\ndata: ")));
            response.BodyWriter.Write(EntryResult.WithHash(entry));
            response.BodyWriter.Write("\n\n"u8);
            if (response.BodyWriter.UnflushedBytes > EntryStream.UnsentMax)
            {
                await response.BodyWriter.FlushAsync(end);
            }
        }

        // The next page is read once this one is taken: a slow reader costs one page, and misses nothing.
        await response.BodyWriter.FlushAsync(end);
        return next;
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken end)
    {
        response.BodyWriter.Write(Encoding.ASCII.GetBytes(text));
        await response.BodyWriter.FlushAsync(end);
    }

    private sealed class Tail(AuditTails tails, string tenant, long next) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            // Counted here and not before: what comes between a handler and its result cannot leave a place taken.
            if (!tails.TryEnter(tenant))
            {
                await Problems.TooManyTails().ExecuteAsync(httpContext);
                return;
            }

            try
            {
                await tails.StreamAsync(tenant, next, httpContext);
            }
            finally
            {
                tails.Leave(tenant);
            }
        }
    }
}

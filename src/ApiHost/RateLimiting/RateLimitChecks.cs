using System.Runtime.CompilerServices;
using Gatehouse.ApiHost.Overload;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.ApiHost.RateLimiting;

/// <summary>Decides calls: by what this host remembers, and else by the subject's grain.</summary>
internal sealed class RateLimitChecks(DenyCache denied, Admission admission, IGrainFactory grains)
{
    /// <summary>The refusal that answers the call; null when the grain has to be asked.</summary>
    public Denial? Find(in CheckCall call, out DenyTicket ticket) => denied.Find(call, out ticket);

    /// <summary>
    /// Asks the grain, and remembers a refusal. Pooled: nearly every call waits here. Await it once and at once.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RateLimitDecision> AskAsync(CheckCall call, DenyTicket ticket)
    {
        var turn = await admission.EnterAsync(RouteClass.Check);
        var isAnswered = false;
        try
        {
            var decision = await grains.RateLimit(call.Key).CheckAsync(call.Cost, call.Address);
            isAnswered = true;
            denied.Remember(ticket, call, decision);
            return decision;
        }
        finally
        {
            turn.End(isAnswered);
        }
    }

    /// <summary>Gives units back.</summary>
    public async ValueTask<RateLimitDecision> RefundAsync(RateLimitKey key, long amount)
    {
        try
        {
            return await grains.RateLimit(key).RefundAsync(amount);
        }
        finally
        {
            // Whatever became of the call, the units may be back.
            denied.Forget(key, DenyDropCause.Refund);
        }
    }

    /// <summary>Forgets the subject's use.</summary>
    public async ValueTask<RateLimitDecision> ResetAsync(RateLimitKey key)
    {
        try
        {
            return await grains.RateLimit(key).ResetAsync();
        }
        finally
        {
            denied.Forget(key, DenyDropCause.Reset);
        }
    }
}

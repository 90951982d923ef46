using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Gatehouse.AspNetCore.Http;

/// <summary>
/// The HTTP API of a Gatehouse, for the tenant of the settings (<see cref="GatehouseOptions"/>). Calls are repeated
/// where that is safe, in the bounds of <see cref="CallLimits"/>. Every call ends in an answer, in a
/// <see cref="GatehouseUnavailableException"/> or in a <see cref="GatehouseRefusedException"/>. Safe for concurrent
/// use.
/// </summary>
public sealed class GatehouseClient
{
    private readonly GatehouseTransport _transport;

    internal GatehouseClient(GatehouseTransport transport) => _transport = transport;

    /// <summary>Asks whether an address may go on. A refusal is an answer, too.</summary>
    /// <param name="policy">The policy's name, such as <c>default</c>.</param>
    /// <param name="address">The caller's address. IPv6 counts by network, as the policy has it.</param>
    /// <param name="cost">Units the call takes; 0 is a peek, which counts nothing.</param>
    /// <param name="cancellation">Gives up waiting; the call may have been counted.</param>
    /// <exception cref="GatehouseUnavailableException">Nobody knows: there is no decision.</exception>
    /// <exception cref="GatehouseRefusedException">The policy, the key or the call is wrong.</exception>
    public Task<RateLimitAnswer> CheckAsync(
        string policy, IPAddress address, long cost = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        // A zone id names an interface of this machine, and counts for nothing elsewhere.
        var isScoped = address.AddressFamily is AddressFamily.InterNetworkV6 && address.ScopeId != 0;
        var ip = isScoped ? new IPAddress(address.GetAddressBytes()) : address;
        return CheckAsync(policy, new CheckDocument(ip.ToString(), null, cost), cancellation);
    }

    /// <summary>Asks whether a subject may go on. A refusal is an answer, too.</summary>
    /// <param name="policy">The policy's name, such as <c>default</c>.</param>
    /// <param name="subject">Any name of the caller: 1 to 256 characters without control characters.</param>
    /// <param name="cost">Units the call takes; 0 is a peek, which counts nothing.</param>
    /// <param name="cancellation">Gives up waiting; the call may have been counted.</param>
    /// <exception cref="GatehouseUnavailableException">Nobody knows: there is no decision.</exception>
    /// <exception cref="GatehouseRefusedException">The policy, the key or the call is wrong.</exception>
    public Task<RateLimitAnswer> CheckAsync(
        string policy, string subject, long cost = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return CheckAsync(policy, new CheckDocument(null, subject, cost), cancellation);
    }

    /// <summary>
    /// Records audit events, one after the other, all or none. An event without an id gets one, so that the call is
    /// safe to repeat; events that may be sent again by another call need ids of their own.
    /// </summary>
    /// <param name="events">1 to 1,000 events, 1 MiB at most.</param>
    /// <param name="cancellation">Gives up waiting; the events may have been recorded.</param>
    /// <returns>Where they stand, in their order, once they are durable.</returns>
    /// <exception cref="GatehouseUnavailableException">They may or may not have been recorded.</exception>
    /// <exception cref="GatehouseRefusedException">Nothing was recorded.</exception>
    public Task<IReadOnlyList<AuditReceipt>> AppendAsync(
        IReadOnlyList<AuditEvent> events, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        return AppendAsync(
            [.. events.Select(static audited =>
                (ReadOnlyMemory<byte>)Json(audited with { Id = audited.Id ?? NewId() }))],
            cancellation);
    }

    /// <summary>An id for an event.</summary>
    internal static string NewId() => Guid.CreateVersion7().ToString();

    /// <summary>An event as it is sent.</summary>
    internal static byte[] Json(AuditEvent audited) =>
        audited.Outcome is AuditOutcome.Success or AuditOutcome.Failure or AuditOutcome.Denied
            ? JsonSerializer.SerializeToUtf8Bytes(audited, GatehouseJson.Wire.AuditEvent)
            : throw new ArgumentException("An audit event needs an outcome.", nameof(audited));

    /// <summary>The same, with events that are written already and have ids.</summary>
    internal async Task<IReadOnlyList<AuditReceipt>> AppendAsync(
        IReadOnlyCollection<ReadOnlyMemory<byte>> events, CancellationToken cancellation)
    {
        var json = new ArrayBufferWriter<byte>(16 + events.Sum(static audited => audited.Length + 1));
        json.Write("{\"events\":["u8);
        var isFirst = true;
        foreach (var audited in events)
        {
            json.Write(isFirst ? ""u8 : ","u8);
            json.Write(audited.Span);
            isFirst = false;
        }

        json.Write("]}"u8);
        var reply = await _transport.PostAsync(CallKind.Append, "audit/events", json.WrittenMemory, cancellation);
        var receipts = reply.Read(GatehouseJson.Wire.ReceiptsDocument).Items;
        return receipts.Count == events.Count ? receipts : throw reply.NotUnderstood();
    }

    /// <summary>Wants to start a request.</summary>
    internal Task<Reply> BeginAsync(BeginDocument begin, TimeSpan wait, CancellationToken cancellation) =>
        _transport.PostAsync(
            CallKind.Begin, "idempotency/begin", begin, GatehouseJson.Wire.BeginDocument, cancellation, wait);

    /// <summary>Says how it ended.</summary>
    internal Task<Reply> CompleteAsync(CompleteDocument complete, CancellationToken cancellation) =>
        _transport.PostAsync(
            CallKind.Step, "idempotency/complete", complete, GatehouseJson.Wire.CompleteDocument, cancellation);

    /// <summary>Gives its key back.</summary>
    internal Task<Reply> ReleaseAsync(ReleaseDocument release, CancellationToken cancellation) =>
        _transport.PostAsync(
            CallKind.Step, "idempotency/release", release, GatehouseJson.Wire.ReleaseDocument, cancellation);

    /// <summary>Keeps its claim for longer.</summary>
    internal Task<Reply> RenewAsync(RenewDocument renew, CancellationToken cancellation) =>
        _transport.PostAsync(
            CallKind.Step, "idempotency/renew", renew, GatehouseJson.Wire.RenewDocument, cancellation);

    private async Task<RateLimitAnswer> CheckAsync(
        string policy, CheckDocument check, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        ArgumentOutOfRangeException.ThrowIfNegative(check.Cost, "cost");
        var reply = await _transport.PostAsync(
            CallKind.Check, $"rate-limits/{Uri.EscapeDataString(policy)}/check", check,
            GatehouseJson.Wire.CheckDocument, cancellation);
        // Other 429s are of Gatehouse itself, and no decision.
        var isRefusal = reply.Code is "rate_limited" or "cost_exceeds_limit" or "deny_listed";
        var decision = isRefusal
            ? reply.Parse(GatehouseJson.Wire.DecisionDocument)
            : reply.Read(GatehouseJson.Wire.DecisionDocument);
        return decision.Allowed == isRefusal ? throw reply.NotUnderstood() : Answer(decision, reply);
    }

    private static RateLimitAnswer Answer(DecisionDocument decision, Reply reply) => new()
    {
        Allowed = decision.Allowed,
        Reason = decision.Reason,
        Policy = decision.Policy,
        Limit = decision.Limit,
        EffectiveLimit = decision.EffectiveLimit,
        Remaining = decision.Remaining,
        ResetAfter = TimeSpan.FromMilliseconds(decision.ResetAfterMs),
        RetryAfter = decision.RetryAfterMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
        Cold = decision.Cold,
        Degraded = decision.Degraded,
        Code = reply.Code,
        RateLimitHeader = reply.RateLimit,
        RateLimitPolicyHeader = reply.RateLimitPolicy,
        ProblemType = reply.Problem?.Type,
        Detail = reply.Problem?.Detail,
    };
}

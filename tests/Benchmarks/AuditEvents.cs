using System.Globalization;
using System.Text;
using Gatehouse.Grains.Abstractions.Auditing;

namespace Gatehouse.Benchmarks;

/// <summary>What is recorded: an event of usual size, each with an id of its own.</summary>
internal static class AuditEvents
{
    private static readonly byte[] Metadata = Encoding.UTF8.GetBytes($$"""{"note":"{{new string('x', 180)}}"}""");

    private static long _events;

    /// <summary>The entry of one of them.</summary>
    public static byte[] Entry { get; } = AuditEntry.Compose(
        "bench", 10_000, AuditEntry.Genesis, DateTimeOffset.UnixEpoch, Next()).Bytes;

    public static AuditEvent Next() => new()
    {
        Id = Interlocked.Increment(ref _events).ToString("d12", CultureInfo.InvariantCulture),
        Actor = new AuditParty("user", "7"),
        Action = "order.refund",
        Resource = new AuditParty("order", "42"),
        Outcome = AuditOutcome.Success,
        Metadata = Metadata,
    };

    /// <summary>The same as the body of a request.</summary>
    public static string Body(AuditEvent one) => $$"""
        {"id":"{{one.Id}}","actor":{"type":"user","id":"7"},"action":"{{one.Action}}","resource":{"type":"order","id":"42"},
        """ + $$""" "outcome":"success","metadata":{{Encoding.UTF8.GetString(Metadata)}}}""";
}

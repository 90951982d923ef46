using System.Diagnostics;
using OpenTelemetry;

namespace Gatehouse.Silo;

/// <summary>
/// Takes out of spans what frameworks put in and nobody may read: grain ids and paths name tenants, callers' addresses
/// and idempotency keys, a query can be a proxy's key, and messages of exceptions repeat any of them.
/// </summary>
internal sealed class SpanRedaction : BaseProcessor<Activity>
{
    private const string Path = "url.path";

    private static readonly string[] Hidden =
    [
        "url.query", "orleans.rpc.target_id", "orleans.rpc.source_id", "orleans.grain.id", "exception.message",
        "exception.stacktrace",
    ];

    public override void OnEnd(Activity span)
    {
        foreach (var tag in Hidden)
        {
            span.SetTag(tag, null);
        }

        if (span.GetTagItem(Path) is not null)
        {
            // As much of the path as is this program's own; nothing, where it has no such route.
            span.SetTag(Path, span.GetTagItem("http.route"));
        }

        if (span.StatusDescription is not null)
        {
            span.SetStatus(span.Status);
        }
    }
}

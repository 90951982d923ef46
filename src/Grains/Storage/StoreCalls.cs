using System.Data.Common;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using StackExchange.Redis;

namespace Gatehouse.Grains.Storage;

/// <summary>A call that is under way.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Since">When it began.</param>
/// <param name="Span">Its span, where its caller is traced.</param>
internal readonly record struct StoreCall(StoreOperation Operation, long Since, Activity? Span);

/// <summary>
/// Times the calls of one store, and makes a span of each that belongs to a trace. Neither ever says what was asked
/// for: no key, no value, no text of a query. A call that nobody traces costs two readings of the clock, and no object.
/// </summary>
internal sealed class StoreCalls(string system, string store, Histogram<double> durations, TimeProvider time)
{
    /// <summary>The name of the source of spans.</summary>
    public const string SourceName = "Gatehouse.Stores";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly KeyValuePair<string, object?> _system = new("db.system.name", system);
    private readonly KeyValuePair<string, object?> _store = new("store", store);

    /// <summary>Where the store is, if that is one place.</summary>
    public EndPoint? Server { get; init; }

    /// <summary>
    /// From here on calls belong to that caller's trace: for who sends several callers' calls together, or later.
    /// </summary>
    public static void Continue(Activity? caller)
    {
        // Each change of what is current makes an object, and a request has an activity even if nobody looks at it.
        if (Source.HasListeners())
        {
            Activity.Current = caller;
        }
    }

    public StoreCall Start(StoreOperation operation) => new(operation, time.GetTimestamp(), StartSpan(operation));

    public void Succeeded(in StoreCall call)
    {
        var seconds = time.GetElapsedTime(call.Since).TotalSeconds;
        var operation = call.Operation;
        if (operation.Procedure is null)
        {
            durations.Record(seconds, [_system, operation.NameTag, _store]);
        }
        else
        {
            durations.Record(seconds, [_system, operation.NameTag, operation.ProcedureTag, _store]);
        }

        call.Span?.Dispose();
    }

    public void Failed(in StoreCall call, Exception failure)
    {
        var seconds = time.GetElapsedTime(call.Since).TotalSeconds;
        var (operation, error) = (call.Operation, new KeyValuePair<string, object?>("error.type", ErrorOf(failure)));
        if (operation.Procedure is null)
        {
            durations.Record(seconds, [_system, operation.NameTag, _store, error]);
        }
        else
        {
            durations.Record(seconds, [_system, operation.NameTag, operation.ProcedureTag, _store, error]);
        }

        EndSpan(call.Span, failure, error);
    }

    /// <summary>
    /// Redis' own word for the error, which begins its message, or SQL's code for it; of anything else, what kind of
    /// exception it is. The message itself may hold a key.
    /// </summary>
    internal static string ErrorOf(Exception failure)
    {
        var word = failure is RedisServerException refused ? Word(refused.Message) : "";
        // A script's error may begin with anything; a server's own words are these.
        return Words.Contains(word) ? word : (failure as DbException)?.SqlState ?? failure.GetType().Name;
    }

    private static readonly HashSet<string> Words =
    [
        "ASK", "BUSY", "BUSYGROUP", "CLUSTERDOWN", "CROSSSLOT", "ERR", "EXECABORT", "LOADING", "MASTERDOWN", "MISCONF",
        "MOVED", "NOAUTH", "NOPERM", "NOREPLICAS", "NOSCRIPT", "OOM", "READONLY", "TRYAGAIN", "WRONGPASS", "WRONGTYPE",
    ];

    private static string Word(string message) =>
        message.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end ? message[..end] : message;

    /// <summary>
    /// Only under a span that is still open. What goes on behind the callers' backs, once a second and longer than any
    /// of them, would be traces of one span each, or children of one that ended long ago.
    /// </summary>
    private Activity? StartSpan(StoreOperation operation)
    {
        if (!Source.HasListeners() || Activity.Current is not { IsStopped: false })
        {
            return null;
        }

        var span = Source.StartActivity(operation.Name, ActivityKind.Client);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag(_system.Key, _system.Value);
            span.SetTag(operation.NameTag.Key, operation.NameTag.Value);
            span.SetTag(operation.ProcedureTag.Key, operation.ProcedureTag.Value);
            span.SetTag("gatehouse.store", _store.Value);
            SetServer(span);
        }

        return span;
    }

    private void SetServer(Activity span)
    {
        var (host, port) = Server switch
        {
            DnsEndPoint name => (name.Host, name.Port),
            IPEndPoint address => (address.Address.ToString(), address.Port),
            _ => (null, 0),
        };
        if (host is not null)
        {
            span.SetTag("server.address", host);
            span.SetTag("server.port", port);
        }
    }

    private static void EndSpan(Activity? span, Exception failure, KeyValuePair<string, object?> error)
    {
        if (span is { IsAllDataRequested: true })
        {
            // No description: the message may hold a key.
            span.SetStatus(ActivityStatusCode.Error);
            span.SetTag(error.Key, error.Value);
            if (failure is RedisServerException or DbException { SqlState: not null })
            {
                span.SetTag("db.response.status_code", error.Value);
            }
        }

        span?.Dispose();
    }
}

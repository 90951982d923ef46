using System.Text;
using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Idempotency;

/// <summary>Reads what callers send, or says which field breaks which rule.</summary>
internal static class IdempotencyRequests
{
    private const long LeaseDefaultMs = 60_000;
    private const int OwnerLengthMax = 64;

    /// <summary>In place of a content type, and none that a request would have.</summary>
    private const string AsAService = "gatehouse-service";

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    public static FieldFault? Fault(BeginRequest body) => KeyFault(body.Key)
        ?? (body.Path is { Length: > 0 and <= 2048 } path && path[0] == '/'
            ? null
            : new FieldFault("path", "must be the path that was called, up to 2048 characters"))
        ?? FreeText.Fault("fingerprint", body.Fingerprint, 256)
        ?? (body.Policy is null or "hold" or "retry" ? null : new FieldFault("policy", "must be hold or retry"))
        ?? LeaseFault(body.LeaseMs)
        ?? FreeText.Fault("owner", body.Owner, OwnerLengthMax);

    public static FieldFault? EpochFault(long? epoch) =>
        epoch is >= 1 ? null : new FieldFault("epoch", "must be the epoch that begin answered");

    /// <summary>Which claim is given back: that with the epoch, or whatever the owner has claimed.</summary>
    public static FieldFault? ClaimFault(ReleaseRequest body) =>
        body.Owner is null ? EpochFault(body.Epoch)
        : body.Epoch is null ? FreeText.Fault("owner", body.Owner, OwnerLengthMax)
        : new FieldFault("owner", "must not be given together with an epoch");

    public static FieldFault? KeyFault(string? key) =>
        key is { Length: > 0 and <= IdempotencyKeyName.KeyLengthMax }
        && key.All(static letter => letter is >= ' ' and < '\x7f')
            ? null
            : new FieldFault("key", $"must be 1 to {IdempotencyKeyName.KeyLengthMax} visible ASCII characters");

    public static FieldFault? LeaseFault(long? ms) =>
        ms is null or (>= 1_000 and <= 3_600_000)
            ? null
            : new FieldFault("leaseMs", "must be between 1000 and 3600000");

    public static FieldFault? Fault(ResponseDocument? document, out StoredResponse? response)
    {
        response = null;
        if (document is null)
        {
            return new FieldFault("response", "is required");
        }

        if (MembersFault(document) is { } fault)
        {
            return fault;
        }

        var body = Array.Empty<byte>();
        if (document.Body is { Length: > 0 } text)
        {
            body = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, body, out var length))
            {
                return new FieldFault("response.body", "must be base64");
            }

            Array.Resize(ref body, length);
        }

        response = new StoredResponse
        {
            Status = document.Status,
            Headers = document.Headers ?? new Dictionary<string, string>(),
            Body = body,
            IsTombstone = document.Tombstone is true,
        };
        return null;
    }

    private static FieldFault? MembersFault(ResponseDocument document) =>
        document.Status is < 100 or > 599 ? new FieldFault("response.status", "must be between 100 and 599")
        : document is { Tombstone: true, Body.Length: > 0 }
            ? new FieldFault("response.body", "must not be given with a tombstone")
        // JSON can put a null where the type says string.
        : document.Headers?.FirstOrDefault(static header => header.Value is null).Key is { } name
            ? new FieldFault($"response.headers.{name}", "must not be null")
        : null;

    public static ResponseDocument Document(StoredResponse response) => new()
    {
        Status = response.Status,
        Headers = response.Headers,
        Body = response.Body.Length == 0 ? null : Convert.ToBase64String(response.Body),
    };

    public static TimeSpan Lease(long? ms) => TimeSpan.FromMilliseconds(ms ?? LeaseDefaultMs);

    /// <summary>
    /// The path with its ids is in the fingerprint, because it is not in the key. Never that of a request to this API
    /// itself: whoever may use this service must not answer what others of the tenant send there.
    /// </summary>
    public static string Fingerprint(BeginRequest body)
    {
        var query = body.Path!.IndexOf('?', StringComparison.Ordinal);
        return RequestFingerprint.Of(
            body.Endpoint![..body.Endpoint!.IndexOf(' ', StringComparison.Ordinal)],
            query < 0 ? body.Path : body.Path[..query], query < 0 ? "" : body.Path[(query + 1)..], AsAService,
            Encoding.UTF8.GetBytes(body.Fingerprint ?? ""));
    }

    public static TimeSpan Wait(HttpRequest request) => PreferHeader.Wait(request.Headers, WaitMax);
}

using System.Diagnostics.Metrics;

namespace Gatehouse.ApiHost.Http;

/// <summary>What the door refused and what went wrong behind it.</summary>
internal sealed class HttpMetrics
{
    public const string MeterName = "Gatehouse.Http";

    private readonly Counter<long> _failedAuthentications;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _overloads;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _tailWaits;
    private readonly Counter<long> _streamCuts;
    private readonly Counter<long> _lostClaims;

    public HttpMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _failedAuthentications = meter.CreateCounter<long>(
            "gatehouse.http.authentication.failures", description: "Refused credentials, by reason.");
        _refusals = meter.CreateCounter<long>(
            "gatehouse.http.refusals", description: "Requests refused at the door, by reason.");
        _overloads = meter.CreateCounter<long>(
            "gatehouse.http.overloads", description: "429 service_overloaded answers, by reason.");
        _errors = meter.CreateCounter<long>(
            "gatehouse.http.errors", description: "Requests that failed for a reason nobody foresaw (500).");
        _tailWaits = meter.CreateCounter<long>(
            "gatehouse.http.tail.waits", description: "Times that a stream of audit events waited for its chain.");
        _streamCuts = meter.CreateCounter<long>(
            "gatehouse.http.stream.cuts", description: "Exports and entry bundles that were cut off on the way.");
        _lostClaims = meter.CreateCounter<long>("gatehouse.http.lost_claims",
            description: "Claims of requests to this API that nobody knows of and that could not be given back.");
    }

    public void AuthenticationFailed(AuthenticationFailure failure) =>
        _failedAuthentications.Add(1, Reason(failure switch
        {
            AuthenticationFailure.Missing => "missing",
            AuthenticationFailure.Malformed => "malformed",
            AuthenticationFailure.Revoked => "revoked",
            AuthenticationFailure.Expired => "expired",
            AuthenticationFailure.TenantDisabled => "tenant_disabled",
            _ => "unknown",
        }));

    public void Refused(string reason) => _refusals.Add(1, Reason(reason));

    public void Overloaded(string reason) => _overloads.Add(1, Reason(reason));

    public void Failed() => _errors.Add(1);

    public void TailWaited() => _tailWaits.Add(1);

    public void StreamCut() => _streamCuts.Add(1);

    public void ClaimLost() => _lostClaims.Add(1);

    private static KeyValuePair<string, object?> Reason(string reason) => new("reason", reason);
}

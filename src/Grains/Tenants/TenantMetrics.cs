using System.Diagnostics.Metrics;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>Changes of tenants, policies and keys, by outcome.</summary>
internal sealed class TenantMetrics(IMeterFactory meters)
{
    public const string MeterName = "Gatehouse.Tenants";

    private readonly Counter<long> _changes = meters.Create(MeterName).CreateCounter<long>(
        "gatehouse.tenant.changes", description: "Changes of tenants, policies and keys, by outcome.");

    public void Changed(TenantChangeOutcome outcome) =>
        _changes.Add(1, new KeyValuePair<string, object?>("outcome", Tag(outcome)));

    internal static string Tag(TenantChangeOutcome outcome) => outcome switch
    {
        TenantChangeOutcome.Created => "created",
        TenantChangeOutcome.Done => "done",
        TenantChangeOutcome.TenantNotFound => "tenant_not_found",
        TenantChangeOutcome.NotFound => "not_found",
        TenantChangeOutcome.DeclaredInFile => "declared_in_file",
        TenantChangeOutcome.PreconditionFailed => "precondition_failed",
        TenantChangeOutcome.Invalid => "invalid",
        TenantChangeOutcome.TooMany => "too_many",
        _ => "none",
    };
}

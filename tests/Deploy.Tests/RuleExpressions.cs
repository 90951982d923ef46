using Gatehouse.Deploy.Tests.Alerts;

namespace Gatehouse.Deploy.Tests;

/// <summary>The expressions of deploy/prometheus.</summary>
internal static class RuleExpressions
{
    public static IEnumerable<DeployedExpression> All() =>
        from rule in RuleFile.AllRules
        select new DeployedExpression(
            $"deploy/prometheus/rules/{rule.File}.yml", rule.Alert is null ? $"record {rule.Record}" : $"alert {rule.Alert}",
            rule.Expr.Trim());
}

namespace Gatehouse.Deploy.Tests;

/// <summary>An expression that is shipped, and where.</summary>
/// <param name="File">Its file, from the root of the repository.</param>
/// <param name="Place">Which alert, rule, panel or policy it is in.</param>
/// <param name="Text">What Prometheus is asked.</param>
internal sealed record DeployedExpression(string File, string Place, string Text)
{
    public override string ToString() => $"{File}, {Place}: {Text}";
}

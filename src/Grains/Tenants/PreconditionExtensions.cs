using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.Grains.Tenants;

/// <summary>The rule of RFC 9110, section 13.1.1: a condition is checked against what is there now.</summary>
internal static class PreconditionExtensions
{
    /// <summary>Whether a change may go on; <paramref name="current"/> is null when the thing does not exist.</summary>
    public static bool Holds(this Precondition precondition, string? current)
    {
        if (precondition.IfAbsent)
        {
            return current is null;
        }

        return precondition.IfMatch is null
            || (current is not null && precondition.IfMatch.Any(tag => tag == "*" || tag == current));
    }
}

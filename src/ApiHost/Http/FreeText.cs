using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>The rule for text that callers choose freely: not empty, not too long, no control characters.</summary>
internal static class FreeText
{
    public static FieldFault? Fault(string field, string? text, int lengthMax, bool isRequired = false) =>
        text is null ? isRequired ? new FieldFault(field, "is required") : null
        : text.Length is 0 || text.Length > lengthMax || text.Any(char.IsControl)
            ? new FieldFault(field, $"must be 1 to {lengthMax} characters without control characters")
            : null;
}

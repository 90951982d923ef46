using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.ApiHost.Http;

/// <summary>
/// Times as RFC 3339 writes them. Without an offset a time would be that of whatever zone this host stands in.
/// </summary>
internal static partial class Rfc3339
{
    public const string Rule = "must be a time such as 2030-01-31T12:00:00Z";

    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is not null && Form().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    [GeneratedRegex(@"\A[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Form();
}

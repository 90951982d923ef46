using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>The header <c>Prefer</c> (RFC 7240).</summary>
public static class PreferHeader
{
    /// <summary>
    /// How long a request may wait: <c>wait=N</c>, seconds (section 4.3). A preference that is not one is ignored.
    /// </summary>
    public static TimeSpan Wait(IHeaderDictionary headers, TimeSpan most)
    {
        ArgumentNullException.ThrowIfNull(headers);
        foreach (var preference in headers["Prefer"].SelectMany(static line => (line ?? "").Split(',')))
        {
            var parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length == 2 && parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                var wait = TimeSpan.FromSeconds(seconds);
                return wait < most ? wait : most;
            }
        }

        return TimeSpan.Zero;
    }
}

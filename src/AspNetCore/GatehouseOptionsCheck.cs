using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Gatehouse.AspNetCore;

/// <summary>Names every setting that breaks a rule; never what it is set to, which may be a secret.</summary>
internal sealed partial class GatehouseOptionsCheck : IValidateOptions<GatehouseOptions>
{
    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, GatehouseOptions options)
    {
        var faults = Faults(options)
            .Where(static fault => !fault.Holds)
            .Select(static fault => $"{GatehouseOptions.Section}:{fault.Setting} {fault.Rule}")
            .ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<(string Setting, bool Holds, string Rule)> Faults(GatehouseOptions options) =>
    [
        (nameof(options.Url),
            options.Url is { IsAbsoluteUri: true, UserInfo: "", Query: "", Fragment: "" }
            && (options.Url.Scheme == Uri.UriSchemeHttp || options.Url.Scheme == Uri.UriSchemeHttps),
            "must be an http or https address without a user and a query"),
        (nameof(options.Tenant), Tenant().IsMatch(options.Tenant ?? ""), "must be 1 to 64 of a-z, 0-9 and -"),
        (nameof(options.ApiKey), Key().IsMatch(options.ApiKey ?? ""), "must be an API key of the tenant"),
        (nameof(options.AuditQueueMax), options.AuditQueueMax is >= 1 and <= 1_000_000,
            "must be between 1 and 1000000"),
        .. Faults(nameof(options.Check), options.Check),
        .. Faults(nameof(options.Append), options.Append),
        .. Faults(nameof(options.Begin), options.Begin),
        .. Faults(nameof(options.Step), options.Step),
    ];

    private static IEnumerable<(string Setting, bool Holds, string Rule)> Faults(string kind, CallLimits limits) =>
    [
        ($"{kind}:{nameof(limits.AttemptTimeout)}", IsTimeout(limits.AttemptTimeout),
            "must be between 00:00:00.010 and 01:00:00"),
        ($"{kind}:{nameof(limits.AttemptsMax)}", limits.AttemptsMax is >= 1 and <= 100, "must be between 1 and 100"),
        ($"{kind}:{nameof(limits.TotalTimeout)}", IsTimeout(limits.TotalTimeout),
            "must be between 00:00:00.010 and 01:00:00"),
    ];

    private static bool IsTimeout(TimeSpan time) => time >= TimeoutMin && time <= TimeoutMax;

    [GeneratedRegex(@"\A[a-z0-9-]{1,64}\z")]
    private static partial Regex Tenant();

    // What can stand in a header: a line break that came along with a file would be a fault of every call.
    [GeneratedRegex(@"\A[!-~]+\z")]
    private static partial Regex Key();
}

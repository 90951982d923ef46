namespace Gatehouse.Cli.Doctor;

/// <summary>What is to be thought of something.</summary>
internal enum Severity
{
    None = 0,

    Ok = 1,

    /// <summary>It cannot be seen from here, and the reason is no fault.</summary>
    Unknown = 2,

    /// <summary>It works, and is not as it should be.</summary>
    Warn = 3,

    /// <summary>It does not work, or breaks a promise.</summary>
    Fail = 4,
}

/// <summary>What one check found. A finding that is not ok says what to do.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Severity">What is to be thought of it.</param>
/// <param name="Says">What was found.</param>
/// <param name="Advice">What to do; null when nothing is to be done.</param>
internal sealed record Finding(string Check, Severity Severity, string Says, string? Advice)
{
    public static Finding Ok(string check, string says) => new(check, Severity.Ok, says, null);

    public static Finding Unknown(string check, string says, string advice) =>
        new(check, Severity.Unknown, says, advice);

    public static Finding Warn(string check, string says, string advice) => new(check, Severity.Warn, says, advice);

    public static Finding Fail(string check, string says, string advice) => new(check, Severity.Fail, says, advice);
}

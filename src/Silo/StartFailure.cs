using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Gatehouse.Silo;

/// <summary>Which failures of a start are the operator's to mend.</summary>
public static class StartFailure
{
    private const string Binder = "Microsoft.Extensions.Configuration.Binder";

    /// <summary>
    /// The one line that helps when a setting is wrong: its name and rule. Null for every other failure, which needs
    /// its stack.
    /// </summary>
    public static string? Explain(Exception failure) => failure switch
    {
        ValidationException or OptionsValidationException => failure.Message,
        // A value of the wrong kind, such as a word where a number belongs. The message names the setting.
        InvalidOperationException { Source: Binder } => failure.Message,
        _ => null,
    };
}

namespace Gatehouse.AspNetCore;

/// <summary>
/// Gatehouse refused a call, and will refuse it again: the key, the tenant, the policy or the call itself is wrong.
/// Its text never holds a secret.
/// </summary>
public sealed class GatehouseRefusedException : Exception
{
    /// <summary>Creates it without a word.</summary>
    public GatehouseRefusedException()
    {
    }

    /// <summary>Creates it with a message.</summary>
    public GatehouseRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message and its cause.</summary>
    public GatehouseRefusedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The HTTP status, such as 403.</summary>
    public int Status { get; init; }

    /// <summary>
    /// Gatehouse's code, such as <c>missing_scope</c>, which never changes its meaning. Null: whoever answered was not
    /// a Gatehouse.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>What is wrong with this call.</summary>
    public string? Detail { get; init; }

    /// <summary>The field that breaks a rule, such as <c>events[3].action</c>.</summary>
    public string? Field { get; init; }
}

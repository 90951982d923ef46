namespace Gatehouse.AspNetCore;

/// <summary>
/// Gatehouse did not do what it was asked: it is at its limit, cannot be reached, or did not answer in time. The call
/// was repeated as often as its kind allows. Its text never holds a secret.
/// </summary>
public sealed class GatehouseUnavailableException : Exception
{
    /// <summary>Creates it without a word.</summary>
    public GatehouseUnavailableException()
    {
    }

    /// <summary>Creates it with a message.</summary>
    public GatehouseUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message and its cause.</summary>
    public GatehouseUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>When to try again. Default: 5 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the call may have had its effect all the same: false says that it had none.</summary>
    public bool MaybeApplied { get; init; }
}

using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Grains.Resilience;

/// <summary>How much one process asks of one store, and how long it waits. Each store has the same bounds.</summary>
internal sealed class OverloadOptions : IValidatableObject
{
    /// <summary>Commands on their way to one store at the same time. Default: 1,024.</summary>
    [Range(1, 100_000, ErrorMessage = "Gatehouse:Overload:StoreInFlightMax must be between 1 and 100000.")]
    public int StoreInFlightMax { get; set; } = 1024;

    /// <summary>Commands that wait for a place among them; above it the oldest is refused. Default: 8,192.</summary>
    [Range(0, 1_000_000, ErrorMessage = "Gatehouse:Overload:StoreQueueMax must be between 0 and 1000000.")]
    public int StoreQueueMax { get; set; } = 8192;

    /// <summary>How long a command waits for a place. Default: 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:05",
        ErrorMessage = "Gatehouse:Overload:StoreQueueWait must be between 00:00:00.001 and 00:00:05.")]
    public TimeSpan StoreQueueWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a command may take, from when it is sent. The client's own time-out is looked at less often.
    /// Default: 750 ms: a call that finds a grain out of memory needs two of them, and callers are promised 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10",
        ErrorMessage = "Gatehouse:Overload:StoreDeadline must be between 00:00:00.010 and 00:00:10.")]
    public TimeSpan StoreDeadline { get; set; } = TimeSpan.FromMilliseconds(750);

    /// <summary>
    /// Failures in a row that open the circuit to a store. Default: 3, because calls of one grain fail one after the
    /// other, each after the whole deadline.
    /// </summary>
    [Range(1, 1000, ErrorMessage = "Gatehouse:Overload:CircuitFailuresMax must be between 1 and 1000.")]
    public int CircuitFailuresMax { get; set; } = 3;

    /// <summary>
    /// How long the circuit stays open the first time, twice as long after each failed try, up to
    /// <see cref="CircuitOpenMax"/>; each time a fifth more or less. Default: 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00",
        ErrorMessage = "Gatehouse:Overload:CircuitOpen must be between 00:00:00.010 and 00:01:00.")]
    public TimeSpan CircuitOpen { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The longest time that it stays open before it tries again. Default: 2 s; with the client's own way back, all is
    /// well within 5 s of the cause going away.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00",
        ErrorMessage = "Gatehouse:Overload:CircuitOpenMax must be between 00:00:00.010 and 00:05:00.")]
    public TimeSpan CircuitOpenMax { get; set; } = TimeSpan.FromSeconds(2);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CircuitOpen > CircuitOpenMax)
        {
            yield return new ValidationResult(
                "Gatehouse:Overload:CircuitOpen must not be above Gatehouse:Overload:CircuitOpenMax.");
        }
    }

    public CircuitSettings Circuit => new(
        CircuitFailuresMax,
        FailureRatio: 0.5,
        CallsMin: 20,
        WindowMs: 10_000,
        OpenMs: (long)CircuitOpen.TotalMilliseconds,
        OpenMaxMs: (long)CircuitOpenMax.TotalMilliseconds,
        // A probe ends by its own deadline; one that does not is given up a little later.
        ProbeMs: (long)(StoreDeadline + StoreDeadline).TotalMilliseconds);
}

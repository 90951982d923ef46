using System.ComponentModel.DataAnnotations;

namespace Gatehouse.Silo.Health;

/// <summary>What health says of this process, section <c>Gatehouse:Health</c>.</summary>
internal sealed class HealthOptions : IValidatableObject
{
    /// <summary>
    /// Checks whose failure makes this process unready (503). Default: none, so that a lost dependency degrades (200)
    /// and not every replica leaves at once. A list, or the names in one value with commas between them.
    /// </summary>
    public IList<string> UnreadyOn { get; } = [];

    /// <summary>How often the dependencies are looked at. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00",
        ErrorMessage = "Gatehouse:Health:Period must be between 00:00:00.100 and 00:01:00.")]
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How far this process's clock may be from the store's. Default: 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00",
        ErrorMessage = "Gatehouse:Health:ClockSkewMax must be between 00:00:00.010 and 01:00:00.")]
    public TimeSpan ClockSkewMax { get; set; } = TimeSpan.FromMilliseconds(500);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in UnreadyOn.Where(name => !CheckNames.All.Contains(name)))
        {
            yield return new ValidationResult(
                $"Gatehouse:Health:UnreadyOn names '{name}'; there are {string.Join(", ", CheckNames.All)}.");
        }
    }
}

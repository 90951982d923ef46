namespace Gatehouse.Silo.Health;

/// <summary>What one look at a dependency found.</summary>
internal enum CheckOutcome
{
    None = 0,

    Good = 1,

    /// <summary>It did not answer, or not well. That happens once in a while; only a row of it means something.
    /// </summary>
    Bad = 2,

    /// <summary>It is known for certain that it is not there: no need to look again.</summary>
    Lost = 3,

    /// <summary>Nothing was learnt, because something else stood in the way.</summary>
    Unknown = 4,
}

/// <summary>
/// What is made of a row of looks: three failures in a row turn a good verdict, two successes a bad one, so that a
/// single slow answer does not move traffic about. Before there is a verdict one success makes it, or three failures:
/// the first look of a process that is still cold is often a slow one.
/// </summary>
internal sealed record CheckState
{
    /// <summary>Failures in a row that make a good dependency a bad one.</summary>
    public const int FailuresMax = 3;

    /// <summary>Successes in a row that make a bad one good again.</summary>
    public const int SuccessesMin = 2;

    /// <summary>Of a dependency that nobody has looked at.</summary>
    public static CheckState Unknown { get; } = new();

    /// <summary>The verdict; null before there is one.</summary>
    public bool? IsGood { get; private init; }

    /// <summary>How many of the last looks spoke against the verdict, without one for it in between.</summary>
    public int Against { get; private init; }

    public CheckState After(CheckOutcome outcome)
    {
        if (outcome is CheckOutcome.Unknown)
        {
            return this;
        }

        var wasGood = outcome is CheckOutcome.Good;
        if (wasGood == IsGood)
        {
            return this with { Against = 0 };
        }

        var needed = outcome is CheckOutcome.Lost ? 1
            : !wasGood ? FailuresMax
            : IsGood is null ? 1 : SuccessesMin;
        return Against + 1 >= needed ? new CheckState { IsGood = wasGood } : this with { Against = Against + 1 };
    }
}

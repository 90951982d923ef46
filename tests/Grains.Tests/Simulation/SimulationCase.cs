namespace Gatehouse.Grains.Tests.Simulation;

/// <summary>What may go wrong in a simulation. A world that has no use for a kind leaves it out.</summary>
[Flags]
internal enum Faults
{
    None = 0,

    /// <summary>A command never comes to the store; its sender learns that it does not know.</summary>
    LostCommand = 1,

    /// <summary>A command is applied, and its answer never comes.</summary>
    LostAnswer = 2,

    /// <summary>A command, and all that its process sends after it, comes late: mostly when nobody waits any more.</summary>
    Delay = 4,

    /// <summary>The store is away for a while: everything is refused at once.</summary>
    Outage = 8,

    /// <summary>A process ends in the middle of whatever it does, and its memory is gone.</summary>
    Crash = 16,

    /// <summary>A second activation is made beside one that lives on.</summary>
    Zombie = 32,

    /// <summary>The clocks of processes differ by seconds.</summary>
    Skew = 64,

    /// <summary>The store starts anew and remembers what is durable.</summary>
    Restart = 128,

    /// <summary>The store comes back without anything.</summary>
    Flush = 256,

    /// <summary>A process stands still for longer than anybody waits for it, and then goes on.</summary>
    Pause = 512,

    All = 1023,
}

/// <summary>All that decides a run.</summary>
/// <param name="Seed">Chooses everything: the order of what happens at one time, too.</param>
/// <param name="Steps">How many calls and faults there are before the faults stop.</param>
/// <param name="Faults">The kinds that may happen.</param>
internal sealed record SimulationCase(int Seed, int Steps, Faults Faults)
{
    public const int StepsMax = 60;

    /// <summary>
    /// Each seed has kinds of its own: where everything goes wrong at once, most things never get far enough.
    /// </summary>
    public static SimulationCase Of(int seed)
    {
        var random = new Random(seed);
        return new SimulationCase(seed, StepsMax, (Faults)(random.Next() & random.Next(1024) & (int)Faults.All));
    }

    /// <summary>The line that plays it again, for the list of those that once failed.</summary>
    public string Line =>
        $"[InlineData({Seed}, {Steps}, {string.Join(" | ", Faults.ToString().Split(", ").Select(kind => $"Faults.{kind}"))})]";
}

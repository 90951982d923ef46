namespace Gatehouse.Cli.Doctor;

/// <summary>Judges what was found out. Each part of it takes facts and answers findings, and touches nothing else.
/// </summary>
internal static class Diagnosis
{
    public static IReadOnlyList<Finding> Of(DoctorFacts facts) =>
    [
        .. SettingsChecks.Of(facts.Settings),
        .. ExposureChecks.Of(facts.Settings, facts.Exposure),
        .. KeyChecks.Of(facts.Settings, facts.Keys),
        .. facts.RedisUsers.SelectMany(RedisUserChecks.Of),
        .. RedisUserChecks.OfAll(facts.RedisUsers),
        .. facts.RedisServers.SelectMany(RedisServerChecks.Of),
        .. facts.Archive is null ? [] : ArchiveChecks.Of(facts.Archive),
    ];
}

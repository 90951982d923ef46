namespace Gatehouse.Cli.Doctor;

/// <summary>Whether the host would start with these settings, and with what was meant.</summary>
internal static class SettingsChecks
{
    private const string Check = "settings";

    public static IEnumerable<Finding> Of(SettingsFacts settings)
    {
        var process = settings.IsSilo ? "a silo" : $"an API host, topology {settings.Topology}";
        if (settings.Faults.Count == 0)
        {
            yield return Finding.Ok(Check, $"valid for {process}, environment {settings.Environment}");
        }

        foreach (var fault in settings.Faults)
        {
            yield return Finding.Fail(Check, fault, "mend it (docs/settings.md); the process does not start with it");
        }

        foreach (var (name, closest) in settings.Unknown)
        {
            yield return Finding.Warn(
                Check, $"{name} is no setting, and does nothing",
                closest is null ? "remove it, or see docs/settings.md for its name" : $"did you mean {closest}?");
        }

        foreach (var path in settings.OpenFiles)
        {
            yield return Finding.Warn(Check, $"{path} holds secrets and can be read by others", $"chmod 0600 {path}");
        }
    }
}

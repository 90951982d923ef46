using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Chaos.Tests.Processes;

namespace Gatehouse.Deploy.Tests.Systemd;

/// <summary>The units run what is published, with settings that exist, and nothing that they do not need.</summary>
public sealed partial class SystemdTests : IDisposable
{
    private static readonly string[] Hardened =
    [
        "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
        "DynamicUser=yes",
        "RestrictSUIDSGID=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service", "UMask=0077", "Restart=always",
        "KillSignal=SIGTERM",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-units-");

    public static TheoryData<string> Units => ["api", "silo"];

    [Theory]
    [MemberData(nameof(Units))]
    public void Unit_FitsTheCode(string name) => Assert.Empty(Faults(name, Text(name)));

    /// <summary>Where systemd is installed, it reads them itself; the test above does without.</summary>
    [Theory]
    [MemberData(nameof(Units))]
    public async Task Unit_IsTakenBySystemd(string name)
    {
        var text = Text(name);
        Assert.StartsWith("/usr/bin/dotnet ", Unit.Parse(text)["Service.ExecStart"], StringComparison.Ordinal);
        if (Programs.Find("systemd-analyze") is null)
        {
            return;
        }

        // Wherever the runtime is on this machine; systemd looks whether the program is there.
        var unit = Path.Combine(_folder.FullName, $"gatehouse-{name}.service");
        await File.WriteAllTextAsync(unit, text.Replace("/usr/bin/dotnet", Environment.ProcessPath!, StringComparison.Ordinal));

        var result = await Tool.RunAsync("systemd-analyze", "systemd", ["verify", unit]);

        Assert.True(result.ExitCode == 0 && result.All.Length == 0, result.All);
    }

    [Theory]
    [InlineData("gatehouse.env.example")]
    [InlineData("silo.env.example")]
    [InlineData("api.env.example")]
    public void Example_HasSettingsOnlyAndNoSecret(string file)
    {
        var variables = EnvironmentFile.Read(Repository.Read("deploy", "systemd", file)).ToList();

        Assert.NotEmpty(variables);
        Assert.All(variables, variable => Assert.True(IsKnown(variable.Key), variable.Key));
        Assert.All(
            variables.SelectMany(variable => Password().Matches(variable.Value)),
            match => Assert.Equal("CHANGE-ME", match.Groups[1].Value));
    }

    /// <summary>What is wrong is found.</summary>
    [Theory]
    [InlineData("api", "TimeoutStopSec=45", "TimeoutStopSec=30", "killed after")]
    [InlineData("silo", "TimeoutStopSec=75", "TimeoutStopSec=60", "killed after")]
    [InlineData("silo", "Gatehouse.Silo.dll", "Gatehouse.dll", "is not what is published")]
    [InlineData("silo", "Gatehouse__SigningKeys__KekFile", "Gatehouse__SigningKeys__Kekfile", "is no setting")]
    [InlineData("silo", "LoadCredential=kek:", "LoadCredential=key:", "no credential")]
    [InlineData("api", "NoNewPrivileges=yes", "NoNewPrivileges=no", "lacks")]
    [InlineData("api", "StateDirectory=gatehouse-api", "StateDirectory=gatehouse", "nowhere to write")]
    [InlineData("api", "/etc/gatehouse/api.env", "/etc/gatehouse/host.env", "has no example")]
    public void Fault_IsFound(string name, string shipped, string instead, string fault)
    {
        Assert.Contains(shipped, Text(name), StringComparison.Ordinal);

        Assert.Contains(
            Faults(name, Text(name).Replace(shipped, instead, StringComparison.Ordinal)),
            found => found.Contains(fault, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IEnumerable<string> Faults(string name, string text)
    {
        var (unit, program) = (Unit.Parse(text), name == "api" ? Product.Api : Product.Silo);
        return ProgramFaults(unit, program).Concat(EnvironmentFaults(unit))
            .Concat(Hardened.Where(word => !text.Split('\n').Contains(word)).Select(word => $"it lacks {word}"));
    }

    private static IEnumerable<string> ProgramFaults(Unit unit, ProductProgram program)
    {
        var readme = Repository.Read("deploy", "systemd", "README.md");
        var published = Regex.Match(
            readme, $"dotnet publish src/{program.Name.Split('.')[1]} .* -o (?<folder>\\S+)").Groups["folder"].Value;
        if (unit["Service.ExecStart"] != $"/usr/bin/dotnet {published}/{program.Name}.dll")
        {
            yield return $"{unit["Service.ExecStart"]} is not what is published";
        }

        var stop = int.Parse(unit["Service.TimeoutStopSec"], CultureInfo.InvariantCulture);
        if (TimeSpan.FromSeconds(stop) < program.ShutdownTimeout + TimeSpan.FromSeconds(10))
        {
            yield return $"it is killed after {stop} s, before the host's own limit of {program.ShutdownTimeout}";
        }

        var state = $"%S/{unit["Service.StateDirectory"]}";
        if (unit["Service.WorkingDirectory"] != state || unit.Environment["Gatehouse__DataDirectory"] != state)
        {
            yield return "it has nowhere to write";
        }
    }

    private static IEnumerable<string> EnvironmentFaults(Unit unit)
    {
        foreach (var (variable, value) in unit.Environment)
        {
            if (!IsKnown(variable))
            {
                yield return $"{variable} is no setting";
            }

            if (value.StartsWith("%d/", StringComparison.Ordinal)
                && !unit.Values["Service.LoadCredential"].Any(one => one.StartsWith($"{value[3..]}:", StringComparison.Ordinal)))
            {
                yield return $"{variable}: there is no credential {value[3..]}";
            }
        }

        foreach (var file in unit.Values["Service.EnvironmentFile"].Select(Path.GetFileName))
        {
            if (!File.Exists(Repository.PathOf("deploy", "systemd", $"{file}.example")))
            {
                yield return $"{file} has no example";
            }
        }
    }

    private static bool IsKnown(string variable) =>
        variable is "ASPNETCORE_URLS" or "DOTNET_EnableDiagnostics" || Product.IsSetting(variable);

    private static string Text(string name) => Repository.Read("deploy", "systemd", $"gatehouse-{name}.service");

    [GeneratedRegex(@"(?i)password=(.*)$")]
    private static partial Regex Password();
}

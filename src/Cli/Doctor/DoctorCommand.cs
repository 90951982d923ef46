using System.CommandLine;
using Gatehouse.ApiHost.Http;
using Gatehouse.Grains.Auditing.Archive;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.SigningKeys;
using Gatehouse.Grains.SigningKeys.Envelopes;
using Gatehouse.Silo;
using Gatehouse.Silo.Health;
using Microsoft.Extensions.Configuration;

namespace Gatehouse.Cli.Doctor;

/// <summary><c>gatehouse doctor</c>: reads what the host would read, asks what it would use, and says what is wrong.
/// </summary>
internal static class DoctorCommand
{
    private static readonly Option<string> Config = new("--config")
    {
        Description = "The folder of the host's appsettings files.",
        HelpName = "folder",
        DefaultValueFactory = static _ => ".",
    };

    private static readonly Option<string> EnvironmentName = new("--environment")
    {
        Description = "The host's environment. Default: ASPNETCORE_ENVIRONMENT, DOTNET_ENVIRONMENT, Production.",
        HelpName = "name",
    };

    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "A setting of the host's command line. Several may be given. Secrets: by the environment.",
        HelpName = "name=value",
    };

    private static readonly Option<bool> IsSilo = new("--silo")
    {
        Description = "The settings are of a silo process (src/Silo). Default: of an API host.",
    };

    private static readonly Option<bool> IsStrict = new("--strict") { Description = "Warnings end with 1, too." };

    private static readonly Option<double> Timeout = new("--timeout")
    {
        Description = "Seconds to wait for each thing that is asked.",
        HelpName = "seconds",
        DefaultValueFactory = static _ => 5,
    };

    public static Command Create(CommandFactory commands) => commands.Runs(
        new ExampleCommand(
            "doctor", "Looks at the settings of a host and at all that it needs, changes nothing, says what is wrong "
                + "and what to do. Ends with 0, or with 1 when something failed.",
            "gatehouse doctor --config /etc/gatehouse",
            "Gatehouse__Redis__ConnectionString=redis-1:6379,user=... gatehouse doctor --silo --strict",
            "gatehouse doctor --set Gatehouse:Region=eu-west-1 --json")
        {
            Config, EnvironmentName, Set, IsSilo, IsStrict, Timeout,
        },
        RunAsync);

    private static async Task<int> RunAsync(Call call, CancellationToken cancellation)
    {
        var settings = HostSettings.Read(
            call.Get(Config)!, call.Get(EnvironmentName), call.Get(Set) ?? [], call.Terminal.Environment);
        var timeout = TimeSpan.FromSeconds(Math.Clamp(call.Get(Timeout), 0.1, 600));
        var facts = await GatherAsync(settings, call.Get(IsSilo), timeout, call.Terminal.Time, cancellation);
        var secrets = new Secrets(settings.SecretValues);
        var report = new DoctorReport([.. Diagnosis.Of(facts).Select(secrets.Hide)]);
        call.Write(report.ToJson(), () => report.Write(call.Terminal));
        return report.ExitCode(call.Get(IsStrict));
    }

    private static async Task<DoctorFacts> GatherAsync(
        HostSettings settings, bool isSilo, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var validation = SettingsValidation.Of(settings, isSilo);
        var options = validation.Options;
        var probe = new RedisProbe(options.Region, timeout, time);
        var global = settings.Configuration["Gatehouse:GlobalRedis:ConnectionString"];
        var reports = await Task.WhenAll(RedisUse.Of(options, global).Select(probe.AskAsync));
        var skewMax = (validation.Read<HealthOptions>() ?? new HealthOptions()).ClockSkewMax;
        var archive = options.Topology is Topology.Client ? null : validation.Read<ArchiveOptions>();
        return new DoctorFacts
        {
            Settings = new SettingsFacts
            {
                Topology = options.Topology,
                IsSilo = isSilo,
                Environment = settings.Environment,
                Faults = [.. validation.Faults, .. RedisUse.FaultsOf(global)],
                Unknown = settings.Unknown,
                OpenFiles = settings.OpenFiles,
            },
            Exposure = Exposure(settings, validation),
            Keys = Keys(settings, validation) with
            {
                RingsByKek = reports.Select(static report => report.RingsByKek)
                    .FirstOrDefault(static rings => rings is not null),
            },
            RedisUsers = [.. reports.Select(static report => report.User)],
            RedisServers = [.. reports.SelectMany(static report => report.Servers)
                .GroupBy(static server => server.Address).Select(static same => same.Aggregate(Merge))
                .Select(server => server with { SkewMax = skewMax })],
            Archive = archive is null ? null : await ArchiveProbe.AskAsync(archive, timeout, cancellation),
        };
    }

    private static ExposureFacts Exposure(HostSettings settings, SettingsValidation validation)
    {
        var configuration = settings.Configuration;
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren()
            .Select(static endpoint => endpoint["Url"]).OfType<string>().ToList();
        var urls = (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        return new ExposureFacts
        {
            // As the host has it: it takes its own default where neither is set, whatever HTTP_PORTS says.
            Urls = endpoints.Count > 0 ? endpoints : urls.Length > 0 ? urls : ["http://localhost:8080"],
            AdminPort = configuration["Gatehouse:Admin:Port"] is { Length: > 0 } port ? port : null,
            AdminAddress = configuration["Gatehouse:Admin:Address"],
            HealthAddress = validation.Options.Silo.HealthAddress,
            TrustedProxies = configuration.GetSection("Gatehouse:Http:TrustedProxies").Get<string[]>() ?? [],
            BelievesAnyProxy =
                "true".Equals(configuration["FORWARDEDHEADERS_ENABLED"], StringComparison.OrdinalIgnoreCase),
        };
    }

    private static KeyFacts Keys(HostSettings settings, SettingsValidation validation)
    {
        var keys = validation.Read<SigningKeysOptions>();
        return new KeyFacts
        {
            AdminKey = settings.Configuration["Gatehouse:Auth:AdminKey"],
            KekId = keys is null || !validation.HasKek ? null : new KeyEncryptionKeys(keys).Current.Id,
            PreviousKekId = keys is { PreviousKek: { Length: > 0 } } or { PreviousKekFile: { Length: > 0 } }
                ? new KeyEncryptionKeys(new SigningKeysOptions
                {
                    Kek = keys.PreviousKek,
                    KekFile = keys.PreviousKekFile,
                }).Current.Id
                : null,
        };
    }

    /// <summary>Two users may know different things of one server.</summary>
    private static RedisServerFacts Merge(RedisServerFacts one, RedisServerFacts other) => one with
    {
        Roles = [.. one.Roles.Union(other.Roles)],
        OtherProduct = one.OtherProduct ?? other.OtherProduct,
        Version = one.Version ?? other.Version,
        AofEnabled = one.AofEnabled ?? other.AofEnabled,
        AofLastWriteStatus = one.AofLastWriteStatus ?? other.AofLastWriteStatus,
        AppendFsync = one.AppendFsync ?? other.AppendFsync,
        NoAppendFsyncOnRewrite = one.NoAppendFsyncOnRewrite ?? other.NoAppendFsyncOnRewrite,
        ConfigUnknown = one.ConfigUnknown is null || other.ConfigUnknown is null ? null : one.ConfigUnknown,
        EvictionPolicy = one.EvictionPolicy ?? other.EvictionPolicy,
        IsReplica = one.IsReplica ?? other.IsReplica,
        Replicas = one.Replicas ?? other.Replicas,
        MinReplicasToWrite = one.MinReplicasToWrite ?? other.MinReplicasToWrite,
        Skew = one.Skew ?? other.Skew,
        IsOpen = one.IsOpen ?? other.IsOpen,
    };
}

using CsCheck;
using Gatehouse.Cli.Doctor;
using Gatehouse.Silo;

namespace Gatehouse.Cli.Tests.Doctor;

/// <summary>The core of doctor: facts in, findings out. A set-up without fault has none, and each fault is found.</summary>
public class DiagnosisTests
{
    private static readonly RedisPermission Need = new("HSET gatehouse:doctor f v");
    private static readonly RedisPermission Danger = new("FLUSHALL");

    private static readonly DoctorFacts Good = new()
    {
        Settings = new SettingsFacts { Topology = Topology.CoHosted, Environment = "Production" },
        Exposure = new ExposureFacts { Urls = ["http://localhost:8080"] },
        Keys = new KeyFacts
        {
            AdminKey = "4f1c2ab89de07356cc01b7e2f49a8d35",
            KekId = "kek-1",
            RingsByKek = new Dictionary<string, int> { ["kek-1"] = 3 },
        },
        RedisUsers =
        [
            new RedisUserFacts
            {
                Roles = [RedisRole.Data],
                Address = "10.0.0.5:6379",
                User = "gatehouse-data",
                HasTls = true,
                Needs = new HashSet<RedisPermission> { Need },
                Permissions = new Dictionary<RedisPermission, bool> { [Need] = true, [Danger] = false },
            },
        ],
        RedisServers =
        [
            new RedisServerFacts
            {
                Address = "10.0.0.5:6379",
                Roles = [RedisRole.Data],
                Version = new Version(7, 2, 11),
                AofEnabled = true,
                AofLastWriteStatus = "ok",
                AppendFsync = "always",
                NoAppendFsyncOnRewrite = "no",
                EvictionPolicy = "noeviction",
                IsReplica = false,
                Replicas = 1,
                MinReplicasToWrite = 1,
                Skew = TimeSpan.FromMilliseconds(-20),
                IsOpen = false,
            },
        ],
        Archive = new ArchiveFacts { Place = "db:5432/gatehouse as gatehouse" },
    };

    public static TheoryData<string> FaultNames { get; } = new(Faults().Keys);

    [Fact]
    public void Facts_WithoutFault_HaveOkFindingsOnly()
    {
        var findings = Diagnosis.Of(Good);

        Assert.All(findings, finding => Assert.Equal((Severity.Ok, finding.Says), (finding.Severity, finding.Says)));
        Assert.Equal(0, new DoctorReport(findings).ExitCode(isStrict: true));
        Assert.Equal(16, findings.Count);
    }

    [Theory]
    [MemberData(nameof(FaultNames))]
    public void Fault_IsFoundAndNothingElse(string says)
    {
        var (severity, check, facts) = Faults()[says];

        var found = Assert.Single(Diagnosis.Of(facts), static finding => finding.Severity is not Severity.Ok);

        Assert.Equal((severity, check), (found.Severity, found.Check));
        Assert.Contains(says, found.Says, StringComparison.Ordinal);
        Assert.NotEmpty(found.Advice!);
        var report = new DoctorReport([found]);
        Assert.Equal(severity is Severity.Fail ? 1 : 0, report.ExitCode(isStrict: false));
        Assert.Equal(severity is Severity.Unknown ? 0 : 1, report.ExitCode(isStrict: true));
    }

    /// <summary>Whatever is wrong together: each finding that is not ok says what to do, and each fault is still found.</summary>
    [Fact]
    public void Faults_Together_AreAllFound()
    {
        var servers = Faults().Where(static fault => fault.Value.Check.StartsWith("redis server", StringComparison.Ordinal))
            .Select(static fault => (fault.Key, Server: fault.Value.Facts.RedisServers[0])).ToArray();

        Gen.Int[0, servers.Length - 1].Array[1, 8].Sample(picked =>
        {
            var facts = Good with { RedisServers = [.. picked.Select(at => servers[at].Server)] };
            var findings = Diagnosis.Of(facts);
            return picked.All(at => findings.Any(finding =>
                    finding.Says.Contains(servers[at].Key, StringComparison.Ordinal) && finding.Advice is not null))
                && findings.All(static finding => finding.Advice is null == finding.Severity is Severity.Ok);
        });
    }

    [Theory]
    [InlineData("6.2.20", "Fail")]
    [InlineData("7.0.14", "Warn")]
    [InlineData("7.0.15", "Ok")]
    [InlineData("7.2.10", "Warn")]
    [InlineData("7.4.6", "Ok")]
    [InlineData("8.0.3", "Warn")]
    [InlineData("8.2.2", "Ok")]
    [InlineData("9.0.0", "Ok")]
    public void Version_IsJudgedByItsLine(string version, string severity) => Assert.Equal(
        Enum.Parse<Severity>(severity), Diagnosis.Of(Server(server => server with { Version = Version.Parse(version) }))
            .Single(static finding => finding.Check.EndsWith("version", StringComparison.Ordinal)).Severity);

    [Fact]
    public void GlobalRedis_NeedsNoPersistence() => Assert.DoesNotContain(
        Diagnosis.Of(Server(server => server with { Roles = [RedisRole.Global], AofEnabled = false })),
        static finding => finding.Severity is Severity.Fail);

    [Fact]
    public void Silo_HasNoDoorToJudge_AndAClientNoKeys()
    {
        var silo = Diagnosis.Of(Good with { Settings = Good.Settings with { IsSilo = true } });
        var client = Diagnosis.Of(Good with
        {
            Settings = Good.Settings with { Topology = Topology.Client }, Keys = Good.Keys with { KekId = null },
        });

        Assert.DoesNotContain(silo, static finding => finding.Check is "admin key" or "listener" or "proxy trust");
        Assert.DoesNotContain(client, static finding => finding.Check is "key-encryption key" or "key rings");
        Assert.All(silo.Concat(client), static finding => Assert.Equal(Severity.Ok, finding.Severity));
    }

    [Fact]
    public void Development_MakesItsOwnKeys() => Assert.All(
        Diagnosis.Of(Good with
        {
            Settings = Good.Settings with { Environment = "development" }, Keys = new KeyFacts(),
        }),
        static finding => Assert.Equal(Severity.Ok, finding.Severity));

    [Theory]
    [InlineData("short", "it has fewer than 32 characters")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "it has fewer than 10 different characters")]
    [InlineData("abcdefghijklabcdefghijklabcdefghijkl", "it repeats itself")]
    [InlineData("Change-Me-0123456789-0123456789-0123", "it looks like a placeholder")]
    [InlineData("my.PassWord-is-0123456789-abcdefghij", "it looks like a placeholder")]
    public void AdminKey_ThatCanBeGuessed_IsSaidSo(string key, string why) => Assert.Equal(why, KeyChecks.Weakness(key));

    [Fact]
    public void AdminKey_ThatIsRandom_IsGood() => Gen.Byte.Array[32].Sample(
        static bytes => KeyChecks.Weakness(Convert.ToBase64String(bytes)) is null, iter: 1000);

    internal static Dictionary<string, (Severity Severity, string Check, DoctorFacts Facts)> Faults() =>
        DoctorFaults.Of(Good, Need, Danger);

    private static DoctorFacts Server(Func<RedisServerFacts, RedisServerFacts> change) =>
        Good with { RedisServers = [change(Good.RedisServers[0])] };
}

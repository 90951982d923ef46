using CsCheck;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Cli.Doctor;
using Gatehouse.Cli.Tests.Fixtures;

namespace Gatehouse.Cli.Tests.Doctor;

/// <summary>Doctor reads what the host reads, judges it by the host's own rules, and keeps its secrets.</summary>
public sealed class SettingsTests : IDisposable
{
    private const string Kek = "xZ1mJZkq3m0Yb1Vh9qTn2rK6sW8uD4fG5hJ7kL0pQwE=";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Folder_WithNothing_InProduction_FailsOfItsMissingKey()
    {
        var run = await DoctorAsync();

        Assert.Equal((1, ""), (run.Code, run.Errors));
        Assert.Contains("fail     settings: Gatehouse:SigningKeys:Kek or Gatehouse:SigningKeys:KekFile must be set", run.Output,
            StringComparison.Ordinal);
        Assert.Contains("warn     admin key: not set", run.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Folder_WithNothing_InDevelopment_IsReadyToStart_AndNothingIsMade()
    {
        var run = await DoctorAsync(["--environment", "Development", "--strict"]);

        Assert.Equal((0, ""), (run.Code, run.Errors));
        Assert.Contains("audit.db is made at the first start", run.Output, StringComparison.Ordinal);
        Assert.Contains("ok       redis: none outside", run.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Sources_AreReadAsTheHostReadsThem()
    {
        Write("appsettings.json", """{"Gatehouse":{"Region":"File Region","Http":{"ConnectionsMax":0}}}""");
        Write("appsettings.Staging.json", """{"Gatehouse":{"Region":"Staging Region"}}""");
        string[] staging = ["--environment", "Staging"];

        var file = await DoctorAsync();
        var environmentFile = await DoctorAsync(staging);
        var variable = await DoctorAsync(
            staging, new() { ["Gatehouse__Region"] = "eu-1", ["Gatehouse__Http__ConnectionsMax"] = "x" });
        var line = await DoctorAsync(
            [.. staging, "--set", "Gatehouse:Http:ConnectionsMax=9", "--set", "Gatehouse:SigningKeys:Kek=" + Kek],
            new() { ["Gatehouse__Region"] = "eu-1", ["Gatehouse__Http__ConnectionsMax"] = "0" });

        Assert.Contains("Gatehouse:Region must be", file.Output, StringComparison.Ordinal);
        Assert.Contains("Gatehouse:Region must be", environmentFile.Output, StringComparison.Ordinal);
        Assert.Contains("Gatehouse:Http:ConnectionsMax must be 1 or more", file.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Gatehouse:Region must be", variable.Output, StringComparison.Ordinal);
        Assert.Contains("'Gatehouse:Http:ConnectionsMax' to type 'System.Int32'", variable.Output, StringComparison.Ordinal);
        Assert.Contains("ok       settings: valid for an API host, topology Embedded, environment Staging", line.Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--set", "Gatehouse:Topology=CoHosted", "Gatehouse:Redis:ConnectionString must be set for topology CoHosted")]
    [InlineData("--set", "Gatehouse:Audit:TailMax=-1", "Gatehouse:Audit:TailMax must be")]
    [InlineData("--set", "Gatehouse:Overload:ChecksMax=0", "Gatehouse:Overload:ChecksMax must be")]
    [InlineData("--set", "Gatehouse:RateLimiting:DeniedSubjectsMax=-1", "Gatehouse:RateLimiting:DeniedSubjectsMax must be")]
    [InlineData("--set", "Gatehouse:Auth:AdminKey=short", "Gatehouse:Auth:AdminKey must have 32 characters or more")]
    [InlineData("--set", "Gatehouse:Tenants:Path=/no/such/file", "/no/such/file")]
    [InlineData("--set", "Gatehouse:GlobalRedis:ConnectionString=,", "Gatehouse:GlobalRedis:ConnectionString must be as")]
    [InlineData("--silo", "--strict", "Gatehouse:Redis:ConnectionString must be set for topology CoHosted")]
    public async Task Rule_OfAnyPart_IsTheHostsOwn(string option, string value, string rule)
    {
        var run = await DoctorAsync([option, value], new() { ["Gatehouse__SigningKeys__Kek"] = Kek });

        Assert.Equal(1, run.Code);
        Assert.Contains("fail     settings: ", run.Output, StringComparison.Ordinal);
        Assert.Contains(rule, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_ThatNothingReads_AreFoundWithTheNameThatWasMeant()
    {
        Write("appsettings.json", """{"Gatehouse":{"Topologie":"Embedded","Http":{"TrustedProxies":["10.0.0.9"]}}}""");
        var run = await DoctorAsync(["--set", "Gatehouse:Regoin=eu"], new()
        {
            ["Gatehouse__Redis__ConectionString"] = "redis:6379,password=hunter2",
            ["Gatehouse_Region"] = "eu",
            ["Gatehouse__Wholly__Different"] = "x",
            ["Gatehouse__Http__TrustedProxies__1"] = "10.0.0.8",
            ["GATEHOUSE__DATADIRECTORY"] = _folder.Path,
            // Kubernetes sets these for a service that is called gatehouse; the first two are this tool's own.
            ["GATEHOUSE_URL"] = "http://localhost",
            ["GATEHOUSE_KEY"] = "a-key",
            ["GATEHOUSE_SERVICE_HOST"] = "10.0.0.1",
            ["GATEHOUSE_PORT_8080_TCP"] = "tcp://10.0.0.1:8080",
        });

        string[] warnings =
            [.. run.Output.Split('\n').Where(static line => line.Contains("is no setting", StringComparison.Ordinal))];
        Assert.Equal(5, warnings.Length);
        Said("Gatehouse:Topologie in appsettings.json", "Gatehouse:Topology");
        Said("Gatehouse__Redis__ConectionString", "Gatehouse__Redis__ConnectionString");
        Said("Gatehouse_Region", "Gatehouse__Region");
        Said("--set Gatehouse:Regoin", "Gatehouse:Region");
        Assert.Contains(warnings, static line => line.Contains("Gatehouse__Wholly__Different", StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);

        void Said(string name, string meant) => Assert.Contains(
            $"{name} is no setting, and does nothing\n         -> did you mean {meant}?", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_WithSecrets_ThatOthersCanRead_AreFound()
    {
        Write("appsettings.json", $"{{\"Gatehouse:SigningKeys:Kek\":\"{Kek}\"}}");
        File.SetUnixFileMode(In("appsettings.json"), (UnixFileMode)Convert.ToInt32("0644", 8));
        var open = await DoctorAsync();
        File.SetUnixFileMode(In("appsettings.json"), (UnixFileMode)Convert.ToInt32("0640", 8));
        var closed = await DoctorAsync();

        Assert.Contains("appsettings.json holds secrets and can be read by others", open.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("holds secrets", closed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Kek, open.All + closed.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KekFile_ThatOthersCanRead_IsRefused()
    {
        Write("kek", Kek);
        File.SetUnixFileMode(In("kek"), (UnixFileMode)Convert.ToInt32("0644", 8));
        var open = await DoctorAsync(["--set", $"Gatehouse:SigningKeys:KekFile={In("kek")}"]);
        File.SetUnixFileMode(In("kek"), (UnixFileMode)Convert.ToInt32("0400", 8));
        var closed = await DoctorAsync(["--set", $"Gatehouse:SigningKeys:KekFile={In("kek")}"]);

        Assert.Equal((1, 0), (open.Code, closed.Code));
        Assert.Contains("must not be readable by others", open.Output, StringComparison.Ordinal);
        Assert.Matches("ok       key-encryption key: [0-9a-f]{16}, 32 bytes", closed.Output);
    }

    [Theory]
    [InlineData("{\"Gatehouse\":\n{\"Region\":hunter2}}", "no JSON, line 2: ")]
    public async Task File_ThatIsNoJson_IsNamedAndNotShown(string text, string said)
    {
        Write("appsettings.json", text);

        var run = await DoctorAsync();

        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--set must be <name>=<value>", "--set", "hunter2")]
    [InlineData("--config /no/such/folder is no folder", "--config", "/no/such/folder")]
    public async Task Call_ThatIsWrong_SaysSo(string said, params string[] args)
    {
        var run = await CommandRun.OfAsync(["doctor", .. args]);

        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);
    }

    /// <summary>Whatever the secrets are, and wherever they stand, good or broken: none is shown.</summary>
    [Fact]
    public async Task Secrets_AreNeverShown()
    {
        var secret = Gen.Char["abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789+/=,;: '\""].Array[8, 44]
            .Select(static characters => new string(characters));
        var closed = $"127.0.0.1:{Ports.Free()}";
        await Gen.Select(secret, secret, secret, secret, secret).SampleAsync(async (admin, kek, redis, global, archive) =>
        {
            var plain = string.Concat(redis.Where(char.IsLetterOrDigit)) + "0redis0";
            var variables = new Dictionary<string, string>
            {
                ["Gatehouse__Topology"] = "CoHosted",
                ["Gatehouse__Auth__AdminKey"] = admin,
                ["Gatehouse__SigningKeys__Kek"] = kek,
                ["Gatehouse__SigningKeys__PreviousKek"] = kek + "1",
                ["Gatehouse__Redis__ConnectionString"] = $"{closed},user=u,password={plain}",
                ["Gatehouse__Redis__StateConnectionString"] = $"password={redis},=,",
                ["Gatehouse__GlobalRedis__ConnectionString"] = global,
                ["Gatehouse__Archive__Provider"] = "Postgres",
                ["Gatehouse__Archive__ConnectionString"] = $"Host=127.0.0.1;Port=1;Password='{plain}2';Nonsense={archive}",
            };
            var text = await DoctorAsync(["--timeout", "1"], variables);
            var json = await DoctorAsync(["--timeout", "1", "--json"], variables);
            var shown = text.All + json.All + string.Concat(json.Json.GetProperty("findings").EnumerateArray());
            string[] all = [admin, kek, plain, redis, global, archive];
            foreach (var hidden in all.Where(static one => one.Trim().Length >= 8))
            {
                Assert.DoesNotContain(hidden, shown, StringComparison.Ordinal);
            }
        }, iter: 10, threads: 1);
    }

    [Fact]
    public void Closest_FindsANameWithOneMistake() => Gen.Select(
        Gen.Int[0, KnownSettings.Names.Count - 1], Gen.Int[0, 1000], Gen.Char.AlphaNumeric).Sample((at, place, character) =>
        {
            var name = KnownSettings.Names[at].Replace(":#", "", StringComparison.Ordinal);
            var inside = "Gatehouse:".Length + (place % (name.Length - "Gatehouse:".Length));
            var wrong = name.Remove(inside, 1).Insert(inside, $"{character}");
            return KnownSettings.Distance(KnownSettings.Closest(wrong)!, wrong) <= 1;
        });

    [Fact]
    public void Distance_IsAMeasure() => Gen.Select(Gen.String[0, 12], Gen.String[0, 12]).Sample(static (one, other) =>
        KnownSettings.Distance(one, other) == KnownSettings.Distance(other, one)
        && KnownSettings.Distance(one, one) == 0
        && KnownSettings.Distance(one, other) <= Math.Max(one.Length, other.Length)
        && KnownSettings.Distance(one, other) >= Math.Abs(one.Length - other.Length));

    private Task<CommandRun> DoctorAsync(string[]? args = null, Dictionary<string, string>? variables = null)
    {
        var environment = new Dictionary<string, string>(variables ?? []);
        if (!environment.ContainsKey("GATEHOUSE__DATADIRECTORY"))
        {
            environment["Gatehouse__DataDirectory"] = In("data");
        }

        return CommandRun.OfAsync(["doctor", "--config", _folder.Path, .. args ?? []], environment);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private void Write(string name, string text) => File.WriteAllText(In(name), text);
}

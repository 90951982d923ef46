using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.Deploy.Tests.Docker;

/// <summary>No engine builds the images here; everything that they take from the repository and the code is checked.</summary>
public partial class DockerfileTests
{
    private static readonly Dockerfile File = Dockerfile.Shipped;

    [Fact]
    public void Sources_Exist()
    {
        var sources = from stage in new[] { File.Stage("build") }
                      from copy in stage.All("COPY")
                      from source in copy.Split(' ')[..^1]
                      select source;

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Repository.PathOf(source)), source));
    }

    [Fact]
    public void BuildContext_HasWhatIsCopiedAndNothingElse()
    {
        var lines = EnvironmentLines(Repository.Read("deploy", "docker", "Dockerfile.dockerignore")).ToList();
        var copied = File.Stage("build").All("COPY").SelectMany(copy => copy.Split(' ')[..^1]).Order();

        Assert.Equal("*", lines[0]);
        Assert.Equal(copied, lines.Where(line => line[0] == '!').Select(line => line[1..]).Order());
        Assert.Contains("**/bin", lines);
        Assert.Contains("**/obj", lines);
    }

    /// <summary>CI publishes with the same command, so it works, and it holds no embedded store.</summary>
    [Fact]
    public void Publish_IsThatOfContinuousIntegration()
    {
        var commands = File.Stage("build").All("RUN")
            .Select(run => run[run.IndexOf("dotnet publish", StringComparison.Ordinal)..]).ToList();

        Assert.Equal(2, commands.Count);
        Assert.All(commands, command => Assert.Contains("-p:RestoreLockedMode=true", command, StringComparison.Ordinal));
        var ours = CommandLine().Match(Repository.Read(".ci", "run"));
        Assert.True(ours.Success);
        Assert.StartsWith(ours.Groups["command"].Value, commands[0], StringComparison.Ordinal);
        Assert.All(commands, command => Assert.True(Path.Exists(Repository.PathOf(command.Split(' ')[2])), command));
    }

    [Theory]
    [InlineData("api")]
    [InlineData("silo")]
    public void Image_RunsTheProgramThatWasPublished(string name)
    {
        var (stage, program) = (File.Stage(name), name == "api" ? Product.Api : Product.Silo);
        var entry = JsonSerializer.Deserialize<string[]>(stage.Last("ENTRYPOINT"))!;
        var probe = JsonSerializer.Deserialize<string[]>(stage.Last("HEALTHCHECK").Split(" CMD ")[1])!;
        var published = File.Stage("build").All("RUN").Single(
            run => run.Contains($"publish src/{program.Name.Split('.')[1]} ", StringComparison.Ordinal)).Split(" -o ")[1];

        Assert.Equal(["dotnet", $"{program.Name}.dll"], entry);
        Assert.Equal($"--from=build {published} ./", stage.Last("COPY"));
        Assert.Equal([.. entry, Gatehouse.Silo.ProbeCommand.Name], probe[..3]);
        Assert.Contains(new Uri(probe[3]).AbsolutePath, program.Routes);
        Assert.Contains(new Uri(probe[3]).Port, stage.Ports);
        Assert.Equal("SIGTERM", stage.Last("STOPSIGNAL"));
    }

    [Fact]
    public void Ports_AreThoseOfTheCode()
    {
        var silo = Product.SiloDefaults;
        Assert.Equal([Product.ApiPort, 8081], File.Stage("api").Ports);
        Assert.Equal([silo.Port, silo.GatewayPort, silo.HealthPort], File.Stage("silo").Ports);
        Assert.Contains($"ASPNETCORE_URLS=http://0.0.0.0:{Product.ApiPort}", File.Stage("api").All("ENV"));
    }

    [Theory]
    [InlineData("api")]
    [InlineData("silo")]
    public void Image_IsPinnedAndNotRoot(string name)
    {
        var image = Image().Match(File.Stage(name).From);
        var framework = Framework().Match(Repository.Read("Directory.Build.props")).Groups["version"].Value;

        Assert.Equal("aspnet", image.Groups["kind"].Value);
        Assert.StartsWith($"{framework}.", image.Groups["version"].Value, StringComparison.Ordinal);
        Assert.Equal("-noble-chiseled", image.Groups["flavour"].Value);
        Assert.Matches("^[1-9][0-9]*:[1-9][0-9]*$", File.Stage(name).Last("USER"));
    }

    /// <summary>As new as the one that the repository asks for, and of the same runtime as the image.</summary>
    [Fact]
    public void Sdk_IsOneThatTheRepositoryTakes()
    {
        var asked = Version.Parse(JsonDocument.Parse(Repository.Read("global.json")).RootElement
            .GetProperty("sdk").GetProperty("version").GetString()!);
        var image = Image().Match(File.Stage("build").From);
        var used = Version.Parse(image.Groups["version"].Value);

        Assert.Equal("sdk", image.Groups["kind"].Value);
        Assert.True(used >= asked);
        Assert.Equal(asked.Major, used.Major);
        Assert.All(File.Stages, stage => Assert.DoesNotContain("latest", stage.From, StringComparison.Ordinal));
    }

    [Fact]
    public void Version_IsTheProjects()
    {
        var version = Regex.Match(Repository.Read("Directory.Build.props"), "<Version>(.*)</Version>").Groups[1].Value;
        Assert.Contains(
            $"org.opencontainers.image.version=\"{version}\"", File.Stage("api").Last("LABEL"), StringComparison.Ordinal);
    }

    private static IEnumerable<string> EnvironmentLines(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#');

    [GeneratedRegex(@"(?<command>dotnet publish src/ApiHost -c Release -p:EmbeddedStore=false -p:RestoreLockedMode=true) ")]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"^mcr\.microsoft\.com/dotnet/(?<kind>\w+):(?<version>\d+\.\d+\.\d+)(?<flavour>\S*)$")]
    private static partial Regex Image();

    [GeneratedRegex(@"<TargetFramework>net(?<version>\d+\.\d+)</TargetFramework>")]
    private static partial Regex Framework();
}

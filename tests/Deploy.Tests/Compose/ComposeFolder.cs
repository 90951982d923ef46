namespace Gatehouse.Deploy.Tests.Compose;

/// <summary>Where an operator has filled in <c>.env</c>.</summary>
internal sealed class ComposeFolder : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public ComposeFolder(string? without = null)
    {
        Variables = EnvironmentFile.Read(Repository.Read("deploy", "compose", ".env.example"))
            .Where(one => one.Key != without)
            .ToDictionary(one => one.Key, one => $"a{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray())}");
        File.WriteAllLines(_file, Variables.Select(one => $"{one.Key}={one.Value}"));
    }

    public Dictionary<string, string> Variables { get; }

    public Task<ToolResult> RunAsync(params string[] arguments) => Tool.RunAsync("docker-compose", "docker-compose",
        ["-f", Repository.PathOf("deploy", "compose", "compose.yaml"), "--env-file", _file, .. arguments]);

    public void Dispose() => File.Delete(_file);
}

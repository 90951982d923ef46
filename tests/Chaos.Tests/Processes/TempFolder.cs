namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A folder that is gone when the test is.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-chaos-");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}

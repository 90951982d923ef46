using Gatehouse.Silo;

namespace Gatehouse.Cluster.Tests.Runtime;

public sealed class KeyFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatehouse-key-");

    [Fact]
    public void Ensure_OfAFile_MakesItOnceForItsOwnerAlone()
    {
        var path = Path.Combine(_folder.FullName, "data", "key");

        Assert.True(KeyFile.Ensure(path, static () => "first"));
        Assert.False(KeyFile.Ensure(path, static () => "second"));

        Assert.Equal("first", File.ReadAllText(path).Trim());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

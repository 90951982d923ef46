using System.Diagnostics;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A disk of a test's own, in memory, that can be filled to its last byte. Mounting one takes root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int Megabytes = 256;

    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    private string Filler => Path.Combine(_folder, "filler");

    /// <summary>Null where this process is not root; in CI it has to be.</summary>
    public static async Task<SmallDisk?> MountAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess
            && await RunAsync("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "tmpfs", folder))
        {
            return new SmallDisk(folder);
        }

        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "A disk cannot be mounted here.");
        return null;
    }

    public void Fill()
    {
        var zeros = new byte[64 * 1024];
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var length = zeros.Length; length > 0;)
        {
            try
            {
                file.Write(zeros, 0, length);
            }
            catch (IOException)
            {
                // Smaller pieces until not one byte fits.
                length /= 2;
            }
        }
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync() => await RunAsync("umount", _folder);

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}

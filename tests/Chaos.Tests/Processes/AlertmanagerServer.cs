namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A real Alertmanager that notifies nobody.</summary>
internal sealed class AlertmanagerServer : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly ServerProcess _process;

    private AlertmanagerServer(TempFolder folder, ServerProcess process, string address) =>
        (_folder, _process, Address) = (folder, process, address);

    public string Address { get; }

    public static async Task<AlertmanagerServer> StartAsync()
    {
        var (folder, address) = (new TempFolder(), $"127.0.0.1:{Ports.Free()}");
        var configuration = Path.Combine(folder.Path, "alertmanager.yml");
        await File.WriteAllTextAsync(configuration, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        try
        {
            return new AlertmanagerServer(
                folder,
                await ServerProcess.StartAsync(
                    "prometheus-alertmanager", "prometheus-alertmanager", "msg=\"Listening on\"",
                    $"--config.file={configuration}", $"--storage.path={folder.Path}", $"--web.listen-address={address}",
                    "--cluster.listen-address="),
                address);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}

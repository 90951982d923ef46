using System.Collections.Concurrent;
using System.Diagnostics;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>A program of the system's that serves until it is told to end.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string program, string readyLine, string[] arguments)
    {
        _process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardError = true } };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _ready.TrySetException(new InvalidOperationException("It ended."));
                return;
            }

            _output.Enqueue(line.Data);
            if (line.Data.Contains(readyLine, StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        };
    }

    public string Output => string.Join('\n', _output);

    /// <summary>
    /// Starts one and waits until its error output holds the line that says it is ready. Without the program the test is
    /// skipped, or fails in CI, where a skip would hide it.
    /// </summary>
    public static async Task<ServerProcess> StartAsync(
        string name, string package, string readyLine, params string[] arguments)
    {
        var server = new ServerProcess(Programs.Require(name, package), readyLine, arguments);
        server._process.Start();
        server._process.BeginErrorReadLine();
        try
        {
            await server._ready.Task.WaitAsync(Patience);
            return server;
        }
        catch (Exception failure)
        {
            var output = server.Output;
            await server.DisposeAsync();
            throw new InvalidOperationException($"{name} did not become ready. It said:\n{output}", failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }

        _process.Dispose();
    }
}

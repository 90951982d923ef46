using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Benchmarks.Peers;

/// <summary>A program that serves until the benchmark ends it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _endSignal;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start, string readyText, string endSignal)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        // Closed when this process ends, however it ends.
        start.RedirectStandardInput = true;
        (_process, _endSignal) = (new Process { StartInfo = start }, endSignal);
        _process.OutputDataReceived += (_, line) => Read(line.Data, readyText);
        _process.ErrorDataReceived += (_, line) => Read(line.Data, readyText);
    }

    /// <summary>It and what it began.</summary>
    public ProcessTree Tree => new(_process.Id);

    /// <summary>The line that said that it is ready.</summary>
    public string ReadyLine => _ready.Task.Result;

    /// <summary>Starts one and waits for the line that says that it is ready.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="readyText">What is in that line.</param>
    /// <param name="endSignal">What ends it; those that it began must end with it.</param>
    public static async Task<ServerProcess> StartAsync(ProcessStartInfo start, string readyText, string endSignal = "KILL")
    {
        var server = new ServerProcess(start, readyText, endSignal);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await Task.WhenAny(server._ready.Task, server._process.WaitForExitAsync()).WaitAsync(Patience);
            if (!server._ready.Task.IsCompleted)
            {
                throw new InvalidOperationException("It ended.");
            }

            return server;
        }
        catch (Exception failure)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException(
                $"{start.FileName} did not become ready. It said:\n{string.Join('\n', server._output)}", failure);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"SIG{name} did not reach {_process.StartInfo.FileName}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signal(_endSignal);
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }

        _process.Dispose();
    }

    private void Read(string? line, string readyText)
    {
        if (line is null || _ready.Task.IsCompleted)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.Contains(readyText, StringComparison.Ordinal))
        {
            _ready.TrySetResult(line);
        }
    }
}

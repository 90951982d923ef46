using System.Runtime.InteropServices;

namespace Gatehouse.Chaos.Tests.Processes;

/// <summary>Sends the signals that .NET has no words for. Numbers are Linux'.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach process {processId}.");
        }

        // The call returns before the process' threads have stopped: one of them could still answer.
        if (signal == Stop && !SpinWait.SpinUntil(() => IsStopped(processId), TimeSpan.FromSeconds(10)))
        {
            throw new InvalidOperationException($"Process {processId} did not stop.");
        }
    }

    private static bool IsStopped(int processId) => Directory.EnumerateDirectories($"/proc/{processId}/task")
        .All(thread => File.ReadAllText(Path.Combine(thread, "stat")).Split(") ")[^1].StartsWith('T'));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int processId, int signal);
}

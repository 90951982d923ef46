using System.Collections.Concurrent;

namespace Gatehouse.Grains.Auditing.Archive;

/// <summary>
/// Threads for calls of SQLite, which block while the disk writes: on the pool's threads, of which there are as many as
/// processors, everybody else in the process would wait with them.
/// </summary>
internal sealed class SqliteThreads : TaskScheduler, IDisposable
{
    private const int Count = 4;

    private readonly BlockingCollection<Task> _tasks = [];

    public SqliteThreads()
    {
        for (var i = 0; i < Count; i++)
        {
            new Thread(Run) { IsBackground = true, Name = "Gatehouse archive" }.Start();
        }
    }

    public override int MaximumConcurrencyLevel => Count;

    public void Dispose() => _tasks.CompleteAdding();

    protected override void QueueTask(Task task)
    {
        try
        {
            _tasks.Add(task);
        }
        catch (InvalidOperationException)
        {
            // The process is on its way out, and the threads have ended: what is still under way ends elsewhere.
            ThreadPool.UnsafeQueueUserWorkItem(
                static state => state.Self.TryExecuteTask(state.Task), (Self: this, Task: task), preferLocal: false);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Run()
    {
        foreach (var task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}

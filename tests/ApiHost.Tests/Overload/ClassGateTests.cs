using Gatehouse.ApiHost.Overload;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Overload;

/// <summary>One class of routes: so many at a time, a short queue, and nothing lost on the way.</summary>
public class ClassGateTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Enter_UpToTheLimit_IsLetInAtOnceAndTheNextWaits()
    {
        var gate = Gate(max: 2, queue: 1);
        Assert.True(await gate.EnterAsync());
        Assert.True(await gate.EnterAsync());

        var waiting = gate.EnterAsync();
        Assert.Equal((2, 1), (gate.InFlight, gate.Waiting));
        Assert.True(gate.IsFull);

        gate.Leave(null);
        Assert.True(await waiting);
        Assert.Equal((2, 0), (gate.InFlight, gate.Waiting));
    }

    [Fact]
    public async Task Enter_QueueFull_IsRefusedAtOnce()
    {
        var gate = Gate(max: 1, queue: 0);
        await gate.EnterAsync();

        var refused = gate.EnterAsync();
        Assert.True(refused.IsCompleted);
        Assert.False(await refused);
    }

    [Fact]
    public async Task Enter_NobodyLeavesInTime_IsRefusedAndLeavesNoTrace()
    {
        var gate = Gate(max: 1, queue: 5);
        await gate.EnterAsync();
        var waiting = gate.EnterAsync().AsTask();

        _time.Advance(Wait);

        Assert.False(await waiting);
        Assert.Equal((1, 0), (gate.InFlight, gate.Waiting));
        gate.Leave(null);
        Assert.True(await gate.EnterAsync());
    }

    [Fact]
    public async Task Leave_WithManyWaiting_LetsTheNewestInFirst()
    {
        var gate = Gate(max: 1, queue: 5);
        await gate.EnterAsync();
        var (older, newer) = (gate.EnterAsync().AsTask(), gate.EnterAsync().AsTask());

        gate.Leave(null);

        Assert.True(await newer);
        Assert.False(older.IsCompleted);
    }

    [Fact]
    public async Task Enter_LatencyRises_FewerAreLetIn()
    {
        var gate = Gate(max: 100, queue: 0);
        await RunAsync(gate, TimeSpan.FromMilliseconds(2), rounds: 20);
        Assert.Equal(100, gate.Limit);

        await RunAsync(gate, TimeSpan.FromMilliseconds(200), rounds: 20);
        Assert.InRange(gate.Limit, 3, 40);
    }

    [Fact]
    public async Task Enter_ManyAtOnce_NeverMoreThanTheLimitAtATime()
    {
        var gate = new ClassGate(8, 1_000, TimeSpan.FromSeconds(30), TimeProvider.System);
        var (now, most) = (0, 0);
        var works = Enumerable.Range(0, 500).Select(async _ =>
        {
            await Task.Yield();
            Assert.True(await gate.EnterAsync());
            lock (gate)
            {
                most = Math.Max(most, ++now);
            }

            await Task.Yield();
            lock (gate)
            {
                now--;
            }

            gate.Leave(null);
        });

        await Task.WhenAll(works);

        Assert.InRange(most, 1, 8);
        Assert.Equal((0, 0), (gate.InFlight, gate.Waiting));
    }

    private ClassGate Gate(int max, int queue) => new(max, queue, Wait, _time);

    private async Task RunAsync(ClassGate gate, TimeSpan latency, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var entered = new List<long>();
            while (await gate.EnterAsync())
            {
                entered.Add(_time.GetTimestamp());
            }

            _time.Advance(latency);
            entered.ForEach(since => gate.Leave(since));
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }
}

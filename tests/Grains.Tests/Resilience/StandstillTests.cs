using Gatehouse.Grains.Resilience;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>A process that stood still notices, and nobody decides before it has.</summary>
public sealed class StandstillTests : IDisposable
{
    private readonly StoppableProcess _process = new();
    private readonly Standstill _standstill;
    private readonly List<TimeSpan> _told = [];

    public StandstillTests()
    {
        _standstill = new Standstill(_process);
        _standstill.Ended += _told.Add;
    }

    public void Dispose() => _standstill.Dispose();

    [Fact]
    public void Count_WhileTheProcessRuns_StaysAsItIs()
    {
        for (var second = 0; second < 600; second++)
        {
            _process.Pass(TimeSpan.FromSeconds(1));
            _process.Tick();
        }

        Assert.Equal(0, _standstill.Count);
        Assert.False(_standstill.IsInDoubt);
        Assert.Empty(_told);
    }

    [Fact]
    public void Count_AfterAStandstill_IsFoundByWhoeverAsksFirst_AndOnce()
    {
        _process.Pass(Standstill.Min + TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, _standstill.Count);
        _process.Tick();
        Assert.Equal(1, _standstill.Count);
        Assert.Equal(Standstill.Min + TimeSpan.FromMilliseconds(1), Assert.Single(_told));
    }

    [Fact]
    public void Count_AfterAStandstillThatNobodyAskedAbout_IsFoundByTheTick()
    {
        _process.Pass(TimeSpan.FromMinutes(1));
        _process.Tick();

        Assert.Equal(TimeSpan.FromMinutes(1), Assert.Single(_told));
        Assert.Equal(1, _standstill.Count);
    }

    [Fact]
    public void Count_AfterTheMachineWasSuspended_IsFoundToo()
    {
        _process.Suspend(TimeSpan.FromSeconds(20));

        Assert.Equal(1, _standstill.Count);
        Assert.Equal(TimeSpan.FromSeconds(20), Assert.Single(_told));
    }

    [Fact]
    public void Count_AfterLessThanThat_StaysAsItIs()
    {
        _process.Pass(Standstill.Min);

        Assert.Equal(0, _standstill.Count);
        _process.Tick();
        Assert.Empty(_told);
    }

    [Fact]
    public void Doubt_LastsUntilTheProcessHasFoundOut()
    {
        _process.Pass(TimeSpan.FromSeconds(20));
        _process.Tick();

        for (var waited = TimeSpan.Zero; waited < Standstill.DoubtMax; waited += TimeSpan.FromSeconds(1))
        {
            Assert.True(_standstill.IsInDoubt);
            _process.Pass(TimeSpan.FromSeconds(1));
            _process.Tick();
        }

        Assert.False(_standstill.IsInDoubt);
        Assert.Equal(1, _standstill.Count);
    }
}

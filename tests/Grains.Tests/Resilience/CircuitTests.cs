using Gatehouse.Grains.Resilience;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>Every transition of the breaker, and everything that must not be one.</summary>
public class CircuitTests
{
    private const long Start = 1_000_000;
    private const long OpenMs = 1_000;

    private static readonly CircuitSettings Settings = new(
        FailuresMax: 5, FailureRatio: 0.5, CallsMin: 20, WindowMs: 10_000, OpenMs, OpenMaxMs: 3_000, ProbeMs: 2_000);

    private CircuitState _state = CircuitState.New(seed: 42);
    private long _now = Start;

    [Fact]
    public void Closed_FailuresInARow_Open()
    {
        Report(CallResult.Failed, times: 4);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);

        Report(CallResult.Failed);
        Assert.Equal(CircuitPhase.Open, _state.Phase);
        Assert.False(Admit().IsAdmitted);
    }

    [Fact]
    public void Closed_ASuccessBetween_StartsTheRowAnew()
    {
        Report(CallResult.Failed, times: 4);
        Report(CallResult.Succeeded);
        Report(CallResult.Failed, times: 4);

        Assert.Equal(CircuitPhase.Closed, _state.Phase);
    }

    [Fact]
    public void Closed_NeutralResults_CountForNothing()
    {
        Report(CallResult.Failed, times: 4);
        Report(CallResult.Neutral, times: 100);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);

        Report(CallResult.Failed);
        Assert.Equal(CircuitPhase.Open, _state.Phase);
    }

    [Fact]
    public void Closed_HalfOfTheWindowFailed_OpensWithTheCallsThatMakeARatio()
    {
        for (var i = 0; i < 9; i++)
        {
            Report(CallResult.Succeeded);
            Report(CallResult.Failed);
        }

        Report(CallResult.Succeeded);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);

        Report(CallResult.Failed);
        Assert.Equal(CircuitPhase.Open, _state.Phase);
    }

    [Fact]
    public void Closed_FailuresOfAnEarlierWindow_NoLongerCount()
    {
        for (var i = 0; i < 9; i++)
        {
            Report(CallResult.Succeeded);
            Report(CallResult.Failed);
        }

        _now += Settings.WindowMs;
        Report(CallResult.Succeeded, times: 11);
        Report(CallResult.Failed, times: 4);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);
    }

    [Fact]
    public void Open_BeforeItsTimeIsUp_AdmitsNothing()
    {
        Open();
        _now = _state.OpenUntilMs - 1;

        Assert.False(Admit().IsAdmitted);
        Assert.Equal(1, Circuit.RetryAfterMs(_state, _now));
        Assert.Equal(CircuitPhase.Open, _state.Phase);
    }

    [Fact]
    public void Open_ItsTimeIsUp_AdmitsThreeProbesAndNotOneMore()
    {
        HalfOpen();

        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => Admit().Probe));
        Assert.False(Admit().IsAdmitted);
        Assert.Equal(Settings.ProbeMs, Circuit.RetryAfterMs(_state, _now));
    }

    [Fact]
    public void HalfOpen_ThreeSuccesses_CloseAndNothingIsRemembered()
    {
        HalfOpen();
        Report(CallResult.Succeeded, times: 2);
        Assert.Equal(CircuitPhase.HalfOpen, _state.Phase);

        Report(CallResult.Succeeded);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);
        Report(CallResult.Failed, times: 4);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);
    }

    [Fact]
    public void HalfOpen_ProbesOnTheirWayAndSuccesses_AreNeverMoreThanThree()
    {
        HalfOpen();
        Report(CallResult.Succeeded, times: 2);

        Assert.True(Admit().IsAdmitted);
        Assert.False(Admit().IsAdmitted);
    }

    [Fact]
    public void HalfOpen_OneFailure_OpensForTwiceAsLongUpToTheCap()
    {
        Open();
        double[] longest = [1_000, 2_000, 3_000, 3_000];
        foreach (var length in longest)
        {
            Assert.InRange(_state.OpenUntilMs - _now, (length * 0.8) - 1, length * 1.2);
            _now = _state.OpenUntilMs;
            Report(CallResult.Failed);
            Assert.Equal(CircuitPhase.Open, _state.Phase);
        }
    }

    [Fact]
    public void HalfOpen_ClosedAgain_OpensForTheShortestTimeAgain()
    {
        HalfOpen();
        Report(CallResult.Failed);
        _now = _state.OpenUntilMs;
        Report(CallResult.Succeeded, times: 3);

        Open();

        Assert.InRange(_state.OpenUntilMs - _now, OpenMs * 0.8, OpenMs * 1.2);
    }

    [Fact]
    public void HalfOpen_CancelledProbes_FreeTheirPlacesAndDecideNothing()
    {
        HalfOpen();
        Report(CallResult.Neutral, times: 10);
        Assert.Equal(CircuitPhase.HalfOpen, _state.Phase);

        Report(CallResult.Succeeded, times: 3);
        Assert.Equal(CircuitPhase.Closed, _state.Phase);
    }

    [Fact]
    public void HalfOpen_AProbeThatIsNotHeardOf_OpensAtItsDeadline()
    {
        HalfOpen();
        var hung = Admit();
        _now += Settings.ProbeMs - 1;
        Assert.True(Admit().IsAdmitted);

        _now += 1;
        Assert.False(Admit().IsAdmitted);
        Assert.Equal(CircuitPhase.Open, _state.Phase);

        // Its success comes too late.
        _now = _state.OpenUntilMs;
        Admit();
        var before = _state;
        _state = Circuit.Report(_state, Settings, hung, CallResult.Succeeded, _now);
        Assert.Equal(before, _state);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LateResult_OfAnEarlierGeneration_IsIgnored(int result)
    {
        var early = Admit();
        Open();
        _now = _state.OpenUntilMs;
        var probe = Admit();
        var before = _state;

        _state = Circuit.Report(_state, Settings, early, (CallResult)result, _now);
        Assert.Equal(before, _state);

        _state = Circuit.Report(_state, Settings, probe, CallResult.Failed, _now);
        Assert.Equal(CircuitPhase.Open, _state.Phase);
    }

    [Fact]
    public void Jitter_OfManyOpenings_FillsAFifthUpAndDown()
    {
        var lengths = new List<long>();
        for (var i = 0; i < 2_000; i++)
        {
            Open();
            lengths.Add(_state.OpenUntilMs - _now);
            _now = _state.OpenUntilMs;
            Report(CallResult.Succeeded, times: 3);
        }

        Assert.InRange(lengths.Min(), 800, 810);
        Assert.InRange(lengths.Max(), 1_190, 1_200);
        Assert.InRange(lengths.Average(), 985, 1_015);
    }

    [Fact]
    public void Admit_WhileClosed_AllocatesNothing()
    {
        Report(CallResult.Succeeded, times: 10_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Report(CallResult.Succeeded, times: 10_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private CircuitPermit Admit()
    {
        (_state, var permit) = Circuit.Admit(_state, Settings, _now);
        return permit;
    }

    private void Report(CallResult result, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _state = Circuit.Report(_state, Settings, Admit(), result, _now);
        }
    }

    private void Open() => Report(CallResult.Failed, times: Settings.FailuresMax);

    private void HalfOpen()
    {
        Open();
        _now = _state.OpenUntilMs;
    }
}

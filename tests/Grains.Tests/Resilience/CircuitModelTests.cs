using CsCheck;
using Gatehouse.Grains.Resilience;

namespace Gatehouse.Grains.Tests.Resilience;

/// <summary>
/// Any order of calls, results, hung probes and pauses, against a model that keeps lists of everything instead of
/// counting.
/// </summary>
public class CircuitModelTests
{
    private static readonly CircuitSettings Settings = new(
        FailuresMax: 3, FailureRatio: 0.6, CallsMin: 8, WindowMs: 1_000, OpenMs: 100, OpenMaxMs: 400, ProbeMs: 50);

    private static readonly Gen<(int Action, int Which, int PauseMs)[]> Steps = Gen.Select(
        Gen.Frequency((4, Gen.Const(0)), (4, Gen.Const(1)), (3, Gen.Const(2)), (1, Gen.Const(3))),
        Gen.Int[0, 20],
        Gen.Frequency((6, Gen.Const(0)), (3, Gen.Int[0, 60]), (1, Gen.Int[0, 600]))).Array[0, 200];

    [Fact]
    public void Circuit_WhateverHappens_DoesAsTheModel() =>
        Gen.Select(Steps, Gen.ULong).Sample((steps, seed) => Play(steps, seed | 1), iter: 5_000);

    private static void Play((int Action, int Which, int PauseMs)[] steps, ulong seed)
    {
        var (state, model, now) = (CircuitState.New(seed), new Model(), 1_000_000L);
        var (open, calls) = (new List<(int Call, CircuitPermit Permit)>(), 0);
        foreach (var (action, which, pause) in steps)
        {
            now += pause;
            if (action == 0)
            {
                (state, var permit) = Circuit.Admit(state, Settings, now);
                Assert.Equal(model.Admit(now), permit.IsAdmitted);
                if (permit.IsAdmitted)
                {
                    model.Give(now);
                    open.Add((calls++, permit));
                }
            }
            else if (open.Count > 0)
            {
                var (call, permit) = open[which % open.Count];
                open.RemoveAt(which % open.Count);
                state = Circuit.Report(state, Settings, permit, (CallResult)action, now);
                model.Report(call, (CallResult)action, now);
            }

            model.Learn(state.Phase is CircuitPhase.Open ? state.OpenUntilMs : 0);
            Assert.Equal(model.Phase, state.Phase);
            Assert.True(Circuit.RetryAfterMs(state, now) >= 0);
            Assert.Equal(model.Transitions, state.Generation - 1);
        }
    }

    private sealed class Model
    {
        private readonly List<(long Transition, long At, bool IsProbe, bool IsDone)> _calls = [];
        private readonly List<bool> _row = [];
        private readonly List<(long At, bool HasFailed)> _window = [];
        private long _openUntil;
        private long _firstOfHalf;
        private int _successes;

        public CircuitPhase Phase { get; private set; } = CircuitPhase.Closed;

        public long Transitions { get; private set; }

        // How long it stays open is drawn; that the draw is in bounds, the table tests show.
        public void Learn(long openUntil) => _openUntil = openUntil;

        public bool Admit(long now)
        {
            Watch(now);
            if (Phase is CircuitPhase.Open && now >= _openUntil)
            {
                Change(CircuitPhase.HalfOpen);
            }

            return Phase is CircuitPhase.Closed
                || (Phase is CircuitPhase.HalfOpen && OnTheirWay().Count() + _successes < 3);
        }

        public void Give(long now) => _calls.Add((Transitions, now, Phase is CircuitPhase.HalfOpen, false));

        public void Report(int call, CallResult result, long now)
        {
            Watch(now);
            var (transition, at, isProbe, isDone) = _calls[call];
            Assert.False(isDone);
            if (transition != Transitions)
            {
                return;
            }

            _calls[call] = (transition, at, isProbe, true);
            if (Phase is CircuitPhase.HalfOpen)
            {
                _successes += result is CallResult.Succeeded ? 1 : 0;
                if (result is CallResult.Failed || _successes == 3)
                {
                    Change(result is CallResult.Failed ? CircuitPhase.Open : CircuitPhase.Closed);
                }
            }
            else if (result is not CallResult.Neutral)
            {
                Count(result is CallResult.Failed, now);
            }
        }

        private void Count(bool hasFailed, long now)
        {
            _row.Add(hasFailed);
            Slide(now);
            _window.Add((now, hasFailed));
            var failed = _window.Count(entry => entry.HasFailed);
            var isTooMany = _window.Count >= Settings.CallsMin && failed >= Settings.FailureRatio * _window.Count;
            var isRow = _row.TakeLast(Settings.FailuresMax).Count(failure => failure) == Settings.FailuresMax;
            if (hasFailed && (isRow || isTooMany))
            {
                Change(CircuitPhase.Open);
            }
        }

        // Two halves, of which the older one leaves as a whole.
        private void Slide(long now)
        {
            var half = Settings.WindowMs / 2;
            if (now - _firstOfHalf >= Settings.WindowMs)
            {
                _window.Clear();
                _firstOfHalf = now;
            }
            else if (now - _firstOfHalf >= half)
            {
                _window.RemoveAll(entry => entry.At < _firstOfHalf);
                _firstOfHalf += half;
            }
        }

        private void Watch(long now)
        {
            if (Phase is CircuitPhase.HalfOpen && OnTheirWay().Any(call => now >= call.At + Settings.ProbeMs))
            {
                Change(CircuitPhase.Open);
            }
        }

        private IEnumerable<(long Transition, long At, bool IsProbe, bool IsDone)> OnTheirWay() =>
            _calls.Where(call => call.Transition == Transitions && call is { IsProbe: true, IsDone: false });

        private void Change(CircuitPhase phase)
        {
            (Phase, Transitions, _successes, _firstOfHalf) = (phase, Transitions + 1, 0, 0);
            _openUntil = long.MaxValue;
            _row.Clear();
            _window.Clear();
        }
    }
}

using CsCheck;
using Gatehouse.Grains.Changes;

namespace Gatehouse.Grains.Tests.Changes;

/// <summary>
/// Announcers, a store and one listener, with everything that can go wrong between them: connections that break with or
/// without a word, messages that are lost, delivered late or sent twice, processes that crash or leave.
/// </summary>
public class ChangeModelTests
{
    private const int Step = 10;
    private const int Steps = 3000;
    private const long CurrentFor = 800;
    private const long SeenWithin = 1000;
    private const long GoneAfter = 5000;

    [Fact]
    public void Current_MeansThatEveryOlderChangeIsKnown() =>
        Gen.Int.Sample(seed => new Model(new Random(seed)).Run(), iter: 300);

    [Fact]
    public void Current_IsTheRuleWhenNothingIsWrong()
    {
        var model = new Model(new Random(1)) { IsCalm = true };

        model.Run();

        Assert.InRange(model.StepsCurrent, Steps * 95 / 100, Steps);
        Assert.Equal(0, model.Misses);
    }

    private sealed class Change(long at)
    {
        public long At { get; } = at;

        public long? TakenAt { get; set; }

        public bool IsKnown { get; set; }
    }

    private sealed class Announcer(string name)
    {
        public string Name { get; } = name;

        public List<Change> Pending { get; } = [];

        public long Sequence { get; set; }

        public long NextHeartbeat { get; set; }

        public long CutOffUntil { get; set; }

        public long BornAt { get; init; }

        public bool IsGone { get; set; }
    }

    private sealed class Model(Random random)
    {
        private readonly ChangeWatch _watch = new("self", CurrentFor, GoneAfter);
        private readonly List<Announcer> _announcers = [new("self"), new("a"), new("b")];
        private readonly List<Change> _changes = [];
        private readonly Queue<(long At, ChangeMessage Message, List<Change> Changes)> _way = new();
        private readonly HashSet<string> _heard = [];
        private long _now = 1;
        private long _deafUntil;
        private long _slowUntil;
        private long _lastDelivery;

        public bool IsCalm { get; init; }

        public int StepsCurrent { get; private set; }

        public int Misses { get; private set; }

        public void Run()
        {
            for (var step = 0; step < Steps; step++, _now += Step)
            {
                if (!IsCalm)
                {
                    Disturb();
                }

                foreach (var announcer in _announcers.Where(a => !a.IsGone))
                {
                    Act(announcer, changes: OneIn(IsCalm ? 20 : 50));
                }

                Deliver();
                Check();
            }
        }

        private bool OneIn(int count) => random.Next(count) == 0;

        private void Disturb()
        {
            if (OneIn(300))
            {
                // The listener loses its connection, and what is on the way with it; it may notice late, or never.
                _deafUntil = _now + random.Next(0, 8000);
                _way.Clear();
                if (OneIn(2))
                {
                    _watch.Disconnect();
                }
            }

            if (OneIn(400))
            {
                _slowUntil = _now + random.Next(0, 4000);
            }

            var announcer = _announcers[random.Next(_announcers.Count)];
            if (OneIn(200))
            {
                announcer.CutOffUntil = _now + random.Next(0, 3000);
            }
            // A silo takes longer than this to join a cluster, and is heard meanwhile.
            else if (OneIn(300) && announcer.Name != "self" && !announcer.IsGone && _now - announcer.BornAt > 2000)
            {
                Act(announcer, changes: true);
                Leave(announcer, isCrash: OneIn(2));
                _announcers.Add(new Announcer($"{announcer.Name}'") { BornAt = _now });
            }
        }

        private void Leave(Announcer announcer, bool isCrash)
        {
            announcer.IsGone = true;
            if (!isCrash && _now >= announcer.CutOffUntil)
            {
                Send(announcer, isLast: true);
            }

            // A silo that dies takes along what it announced last and what was lost on the way: docs/guarantees.md says so.
            _changes.ForEach(change => change.IsKnown = true);
        }

        private void Act(Announcer announcer, bool changes)
        {
            // The channel starts before the silo, and joining takes seconds: it is heard before it can change anything.
            if (changes && _heard.Contains(announcer.Name))
            {
                var change = new Change(_now);
                announcer.Pending.Add(change);
                _changes.Add(change);
            }

            if ((announcer.Pending.Count > 0 || _now >= announcer.NextHeartbeat) && _now >= announcer.CutOffUntil)
            {
                Send(announcer, isLast: false);
                announcer.NextHeartbeat = _now + 200;
            }
        }

        private void Send(Announcer announcer, bool isLast)
        {
            var changes = announcer.Pending.ToList();
            var sequence = announcer.Sequence + (changes.Count > 0 ? 1 : 0);
            changes.ForEach(change => change.TakenAt ??= _now);
            if (_now >= _deafUntil)
            {
                var delay = IsCalm ? random.Next(0, 3) : random.Next(0, _now < _slowUntil ? 3000 : 20);
                _lastDelivery = Math.Max(_lastDelivery, _now + delay);
                _way.Enqueue((_lastDelivery, new ChangeMessage
                {
                    Sender = announcer.Name,
                    Sequence = sequence,
                    SentAt = announcer.Name == "self" ? _now : random.Next(),
                    IsLast = isLast,
                    Subjects = changes.Count > 0 ? ["s"] : null,
                }, changes));
            }

            // Now and then the store took it, and the announcer does not know: it is sent again.
            announcer.Sequence = sequence;
            if (IsCalm || !OneIn(50))
            {
                announcer.Pending.Clear();
            }
        }

        private void Deliver()
        {
            while (_way.TryPeek(out var next) && next.At <= _now)
            {
                _way.Dequeue();
                _heard.Add(next.Message.Sender);
                if (_watch.Hear(next.Message))
                {
                    Misses++;
                    _changes.ForEach(change => change.IsKnown |= change.At <= _now);
                }

                next.Changes.ForEach(change => change.IsKnown = true);
            }
        }

        private void Check()
        {
            if (_now >= _watch.CurrentUntil)
            {
                return;
            }

            StepsCurrent++;
            var overlooked = _changes.Where(change => !change.IsKnown)
                .Where(change => _now - (change.TakenAt ?? change.At) >= SeenWithin).ToList();
            Assert.True(overlooked.Count == 0,
                $"at {_now} a change of {overlooked.FirstOrDefault()?.At} was not known, and believed to be");
        }
    }
}

using CsCheck;
using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using static Gatehouse.Chaos.Tests.Idempotency.Layouts;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>
/// Property: in any order of calls of two tenants to two endpoints, at silos that go from mode to mode beside one that
/// is a step behind, callers see one record for each tenant, endpoint and key, and no call touches what is another's.
/// </summary>
public class LegacyModelTests
{
    private static readonly LegacyLayout[] Walk =
        [LegacyLayout.Off, LegacyLayout.ReadBoth, LegacyLayout.WriteOld, LegacyLayout.ReadBoth, LegacyLayout.Off];

    /// <summary>From here on one of the silos looks at the new names only.</summary>
    private const int BackToOff = 7;

    private static readonly string[] Tenants = ["acme", "beta"];
    private static readonly string[] Endpoints = ["POST /orders", "POST /refunds"];

    private sealed record Act(string Verb, int Silo, int Tenant, int Endpoint, int Key, long Epoch, int Owner, bool IsOther);

    private static readonly Gen<Act[]> Acts = (
        from verb in Gen.OneOf(
            "begin", "begin", "begin", "begin", "retry", "hasty", "complete", "complete", "release", "fail", "give back",
            "renew", "read", "step", "step", "forget")
        from silo in Gen.Int[0, 1]
        from tenant in Gen.Int[0, 1]
        from endpoint in Gen.Int[0, 1]
        from key in Gen.Int[0, 2]
        from epoch in Gen.OneOf(1L, 1L, 1L, 2L, 2L, 3L)
        from owner in Gen.Int[0, 3]
        from isOther in Gen.OneOf(false, false, false, true)
        select new Act(verb, silo, tenant, endpoint, key, epoch, owner, isOther)).Array[1, 80];

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task AnyOrderOfCalls_IsAnsweredAsIfThereWereOneLayout_AndTouchesNothingOfOthers(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        var samples = 0;
        await Acts.SampleAsync(
            async acts => await new Run(store, Interlocked.Increment(ref samples)).PlayAsync(acts), iter: 250, threads: 1);
    }

    /// <summary>One order of calls, with keys of its own.</summary>
    private sealed class Run(Store store, int sample)
    {
        private readonly IdempotencyModel _model = new();

        // The last one is, in the older layout, the name of the first one of the first tenant in the new one.
        private readonly string[] _keys =
            [$"k{sample}", $"{sample}:x", $"tenant:{Tenants[0]}:ep:{Endpoints[0]}:k{sample}"];

        private int _step;
        private int _answers;

        private string Foreign => Old(_keys[1]);

        public async Task PlayAsync(Act[] acts)
        {
            await store.PutOldAsync(_keys[1]);
            foreach (var act in acts)
            {
                var before = await SnapshotAsync();
                var name = New(_keys[act.Key], Tenants[act.Tenant], Endpoints[act.Endpoint]);
                var (expected, answered) = await PlayAsync(act, name);
                Assert.Equal(expected, answered);
                await AssertUntouchedAsync(act, name, before);
            }
        }

        private async Task<(string Expected, string Answered)> PlayAsync(Act act, string name)
        {
            var silo = SiloOf(store, Walk[(_step + act.Silo) / 2]);
            var body = $"{name} {_answers++}";
            switch (act.Verb)
            {
                case "begin" or "retry" or "hasty":
                    return await BeginAsync(silo, name, CallOf(act));
                case "complete":
                    return Of(
                        _model.End(name, act.Epoch, KeyState.Completed, body), await silo.CompleteAsync(name, act.Epoch, body));
                case "release":
                    return Of(_model.End(name, act.Epoch, KeyState.Released, ""), await silo.GiveBackAsync(name, act.Epoch));
                case "fail":
                    return Of(
                        _model.End(name, act.Epoch, KeyState.Unknown, ""),
                        await silo.EndAsync(name, act.Epoch, KeyState.Unknown, Answer(""), Retention));
                case "give back":
                    return Of(_model.Release(name, $"o{act.Owner}"), await silo.ReleaseAsync(name, $"o{act.Owner}", Retention));
                case "renew":
                    return Of(_model.Renew(name, act.Epoch), await silo.RenewAsync(name, act.Epoch, Lease, Retention));
                case "step":
                    await StepAsync();
                    break;
                case "forget":
                    await ForgetForeignAsync();
                    break;
            }

            return (_model.Read(name), IdempotencyModel.Describe(await silo.ReadAsync(name)));
        }

        private static BeginCall CallOf(Act act) => Call($"o{act.Owner}", act.IsOther ? "other" : "f") with
        {
            Abandoned = act.Verb == "retry" ? AbandonedPolicy.Retry : AbandonedPolicy.Hold,
            Lease = act.Verb == "hasty" ? TimeSpan.Zero : Lease,
        };

        private static (string, string) Of(StepOutcome expected, StepOutcome answered) => ($"{expected}", $"{answered}");

        private async Task<(string, string)> BeginAsync(RedisIdempotencyStore silo, string name, BeginCall call)
        {
            var begun = await silo.BeginAsync(name, call, Retention);
            return (
                _model.Begin(name, call),
                begun.Epoch is { } epoch ? IdempotencyModel.Started(epoch) : IdempotencyModel.Describe(begun.Stored));
        }

        /// <summary>One silo goes on. Before the last change every key is asked for, as the documents want it.</summary>
        private async Task StepAsync()
        {
            _step = Math.Min(_step + 1, (Walk.Length - 1) * 2);
            if (_step != BackToOff)
            {
                return;
            }

            foreach (var name in Names().Select(entry => entry.Name))
            {
                var (expected, answered) = await BeginAsync(SiloOf(store, LegacyLayout.ReadBoth), name, Call("o0"));
                Assert.Equal(expected, answered);
            }
        }

        /// <summary>The record without a mark, which nobody here may touch, ends.</summary>
        private async Task ForgetForeignAsync()
        {
            if (await store.FieldAsync(Foreign, "tenant") is null)
            {
                await store.Admin.KeyDeleteAsync(Foreign);
            }
        }

        private async Task AssertUntouchedAsync(Act act, string name, Dictionary<string, string> before)
        {
            var after = await SnapshotAsync();
            var isEverybodys = act.Verb is "step" or "forget";
            var old = Old(_keys[act.Key]);
            var isItsOld = before[old].Length == 0
                || before[old].Contains($"endpoint: {Endpoints[act.Endpoint]} ", StringComparison.Ordinal)
                && before[old].EndsWith($"tenant: {Tenants[act.Tenant]}", StringComparison.Ordinal);
            foreach (var (touched, _) in before.Where(entry => !isEverybodys && after[entry.Key] != entry.Value))
            {
                Assert.True(touched == name || (touched == old && act.Key != 2 && isItsOld), $"{act} changed {touched}.");
            }
        }

        private IEnumerable<(string Name, string Key)> Names() =>
            from key in _keys
            from tenant in Tenants
            from endpoint in Endpoints
            select (New(key, tenant, endpoint), key);

        private async Task<Dictionary<string, string>> SnapshotAsync()
        {
            var names = Names().Select(entry => entry.Name).Concat(_keys.Select(Old)).Distinct().ToList();
            var dumps = await Task.WhenAll(names.Select(store.DumpAsync));
            return names.Zip(dumps).ToDictionary();
        }
    }
}

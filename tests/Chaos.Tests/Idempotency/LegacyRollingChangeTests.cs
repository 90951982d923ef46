using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;
using static Gatehouse.Chaos.Tests.Idempotency.Layouts;

namespace Gatehouse.Chaos.Tests.Idempotency;

/// <summary>
/// Two silos go from Off to the older layout and back, one after the other, under callers that never stop asking: for
/// one thing each, two tenants and two endpoints with the same keys.
/// </summary>
public class LegacyRollingChangeTests
{
    private static readonly (LegacyLayout First, LegacyLayout Second)[] Steps =
    [
        (LegacyLayout.Off, LegacyLayout.Off), (LegacyLayout.Off, LegacyLayout.ReadBoth),
        (LegacyLayout.ReadBoth, LegacyLayout.ReadBoth), (LegacyLayout.ReadBoth, LegacyLayout.WriteOld),
        (LegacyLayout.WriteOld, LegacyLayout.WriteOld), (LegacyLayout.WriteOld, LegacyLayout.ReadBoth),
        (LegacyLayout.ReadBoth, LegacyLayout.ReadBoth), (LegacyLayout.ReadBoth, LegacyLayout.Off),
        (LegacyLayout.Off, LegacyLayout.Off),
    ];

    private static readonly (string Tenant, string Endpoint)[] Owners =
    [
        ("acme", "POST /orders"), ("acme", "POST /refunds"), ("beta", "POST /orders"), ("beta", "POST /refunds"),
    ];

    private readonly Dictionary<string, string> _answers = [];
    private readonly List<(string Name, long Epoch)> _running = [];
    private int _requests;

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task OffToReadBothToWriteOldAndBack_StartsEachRequestOnce_AndRepeatsItsAnswer(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await store.PutOldAsync("unmarked 2");
        var unmarked = await store.DumpAsync(Old("unmarked 2"));
        var hits = new List<int>();
        foreach (var (step, (first, second)) in Steps.Index())
        {
            RedisIdempotencyStore[] silos = [SiloOf(store, first), SiloOf(store, second)];
            hits.Add(await AskAgainAsync(silos));
            foreach (var key in new[] { $"done {step}", $"running {step}", $"unmarked {step}" })
            {
                await Task.WhenAll(Owners.Select(owner => StartOnceAsync(silos, New(key, owner.Tenant, owner.Endpoint))));
            }

            await CompleteAsync(silos, name => name.Contains(":done ") || name.Contains(":unmarked "));
            // What was begun a step earlier is completed by a silo of now.
            await CompleteAsync(silos, name => name.EndsWith($":running {step - 1}", StringComparison.Ordinal));
            hits.Add(await AskAgainAsync(silos));
        }

        Assert.Equal(unmarked, await store.DumpAsync(Old("unmarked 2")));
        Assert.Equal(Steps.Length * 3 * Owners.Length, _answers.Count + _running.Count);
        // Two counts a step: nothing before a silo writes the older layout; what such silos know and what is brought over
        // from them; and nothing once all is.
        Assert.All(hits[..7], count => Assert.Equal(0, count));
        Assert.All(hits[9..11], count => Assert.True(count > 0));
        Assert.All(hits[12..], count => Assert.Equal(0, count));
    }

    /// <summary>Many ask at once, at both silos; exactly one of them is to start.</summary>
    private async Task StartOnceAsync(RedisIdempotencyStore[] silos, string name)
    {
        var asked = await Task.WhenAll(Enumerable.Range(0, 10).Select(
            i => silos[i % 2].BeginAsync(name, Call($"o{Interlocked.Increment(ref _requests)}"), Retention)));
        var started = Assert.Single(asked, begun => begun.Epoch is not null);
        Assert.All(asked, begun => Assert.True(begun.Epoch is not null || begun.Stored!.State is KeyState.InProgress));
        lock (_running)
        {
            _running.Add((name, started.Epoch!.Value));
        }
    }

    private async Task CompleteAsync(RedisIdempotencyStore[] silos, Func<string, bool> isEnding)
    {
        foreach (var (name, epoch) in _running.Where(claim => isEnding(claim.Name)).ToList())
        {
            var answer = $"{name} {_answers.Count}";
            var silo = silos[_answers.Count % 2];
            Assert.Equal(StepOutcome.Done, await silo.CompleteAsync(name, epoch, answer));
            Assert.Equal(StepOutcome.Stale, await silo.GiveBackAsync(name, epoch));
            _answers.Add(name, answer);
            _running.Remove((name, epoch));
        }
    }

    /// <summary>Every request so far, again, at both silos; answers how many the older layout answered.</summary>
    private async Task<int> AskAgainAsync(RedisIdempotencyStore[] silos)
    {
        var hits = 0;
        foreach (var silo in silos)
        {
            foreach (var (name, answer) in _answers)
            {
                var begun = await silo.BeginAsync(name, Call($"o{_requests++}"), Retention);
                Assert.Equal((KeyState.Completed, answer), (begun.Stored!.State, Body(begun.Stored)));
                hits += begun.IsLegacy ? 1 : 0;
            }

            foreach (var (name, epoch) in _running)
            {
                var begun = await silo.BeginAsync(name, Call($"o{_requests++}"), Retention);
                Assert.Equal((KeyState.InProgress, epoch), (begun.Stored!.State, begun.Stored.Epoch));
                hits += begun.IsLegacy ? 1 : 0;
            }
        }

        return hits;
    }
}

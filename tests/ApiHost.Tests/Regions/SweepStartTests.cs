using System.Collections.Concurrent;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.Grains.Abstractions;
using Gatehouse.Grains.Regions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Regions;

/// <summary>What a silo has looked after from its start on, whatever does not work yet.</summary>
public class SweepStartTests(SharedHost shared)
{
    [Fact]
    public async Task Start_OfASilo_HasChainsAndRingsLookedAfter()
    {
        var services = shared.Host.App.Services;
        var grains = services.GetRequiredService<IGrainFactory>();
        var reminders = services.GetRequiredService<IReminderTable>();

        await services.GetServices<IHostedService>().OfType<SweepStart>().Single().ExecuteTask!;

        foreach (IGrain sweep in (IGrain[])[grains.AuditChains("local"), grains.KeyRings("local")])
        {
            var reminder = Assert.Single((await reminders.ReadRows(sweep.GetGrainId())).Reminders);
            Assert.Equal("sweep", reminder.ReminderName);
        }
    }

    [Fact]
    public async Task Start_OfASweepThatFails_IsTriedAgainAndHoldsNoOtherUp()
    {
        var (time, failed, began) = (new FakeTimeProvider(), 0, new ConcurrentQueue<string>());
        // As long as it holds the other one up, neither begins.
        var first = new RegionSweep(
            (_, region) => began.IsEmpty ? throw new TimeoutException() : Began($"first in {region}"), () => failed++);
        var second = new RegionSweep((_, region) => Began($"second in {region}"), () => failed = -1);
        using var start = new SweepStart([first, second], null!, Options.Create(new RegionOptions()), time);

        await start.StartAsync(CancellationToken.None);
        while (!start.ExecuteTask!.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await start.ExecuteTask;
        Assert.True(failed >= 1);
        Assert.Equal(["second in local", "first in local"], began);

        Task Began(string what)
        {
            began.Enqueue(what);
            return Task.CompletedTask;
        }
    }
}

using System.Reflection;
using CsCheck;
using Gatehouse.Grains.RateLimiting.Global;
using Gatehouse.Grains.Regions;
using Gatehouse.Grains.Storage;
using Gatehouse.Silo.Health;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Health;

/// <summary>The rules of single checks: clocks, persistence, deadlines, the tick that live goes by.</summary>
public class HealthCoreTests
{
    private const string Durable = """
        # Persistence
        loading:0
        aof_enabled:1
        rdb_last_bgsave_status:ok
        aof_last_write_status:ok

        # Memory
        maxmemory_policy:noeviction
        """;

    [Fact]
    public void Skew_MeasuredOverAnyWay_IsTheRealOneWithinItsError() =>
        Gen.Select(Gen.Int[-5_000, 5_000], Gen.Int[0, 2_000], Gen.Int[0, 2_000]).Sample((real, there, back) =>
        {
            var asked = DateTimeOffset.UnixEpoch.AddDays(20_000);
            var storeTime = asked.AddMilliseconds(there - real);

            var skew = ClockSkew.Of(asked, TimeSpan.FromMilliseconds(there + back), storeTime);

            Assert.True((skew.Skew - TimeSpan.FromMilliseconds(real)).Duration() <= skew.Error);
            // Said only of a skew that is one, and of each that is so large that no way explains it.
            Assert.True(!skew.IsMoreThan(TimeSpan.FromMilliseconds(500)) || Math.Abs(real) > 500);
            Assert.True(skew.IsMoreThan(TimeSpan.FromMilliseconds(500)) || Math.Abs(real) <= 500 + there + back);
        });

    [Theory]
    [InlineData("", "")]
    [InlineData("aof_enabled:1 -> aof_enabled:0", "appendonly is off")]
    [InlineData("aof_last_write_status:ok -> aof_last_write_status:err", "append-only file failed")]
    [InlineData("rdb_last_bgsave_status:ok -> rdb_last_bgsave_status:err", "snapshot failed")]
    [InlineData("maxmemory_policy:noeviction -> maxmemory_policy:allkeys-lru", "not noeviction")]
    [InlineData("maxmemory_policy:noeviction -> ", "not noeviction")]
    public void Persistence_WithEachFault_NamesIt(string change, string fault)
    {
        var info = change.Length == 0 ? Durable : Durable.Replace(change.Split(" -> ")[0], change.Split(" -> ")[1]);

        var faults = RedisPersistence.Faults(RedisPersistence.Read(info.ReplaceLineEndings("\r\n")));

        Assert.Equal(fault.Length == 0 ? 0 : 1, faults.Count);
        Assert.All(faults, found => Assert.Contains(fault, found, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watchdog_WhoseTicksStop_IsDeadAfterTenSeconds()
    {
        var time = new StallingTime();
        using var watchdog = new Watchdog(time);
        await watchdog.StartAsync(TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(watchdog.IsAlive);
        time.IsStalled = true;
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(watchdog.IsAlive);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(watchdog.IsAlive);
        time.IsStalled = false;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(watchdog.IsAlive);
    }

    [Fact]
    public async Task Look_ThatNeverEnds_IsCutOffAtItsDeadline()
    {
        var time = new FakeTimeProvider();
        var check = new FakeCheck("redis") { Look = () => new TaskCompletionSource<CheckResult>().Task };

        var running = CheckRun.RunAsync(check, time);
        Assert.False(running.IsCompleted);
        time.Advance(check.Deadline);
        var run = await running;

        Assert.Equal((CheckOutcome.Bad, check.Deadline), (run.Result.Outcome, run.Duration));
        Assert.Equal("It did not answer in time.", run.Result.Description);
    }

    [Fact]
    public async Task Look_ThatThrows_IsBadAndSaysNothingOfWhatWasThrown()
    {
        var check = new FakeCheck("redis") { Look = () => throw new InvalidOperationException("10.1.2.3:6379 s3cret") };

        var run = await CheckRun.RunAsync(check, TimeProvider.System);

        Assert.Equal((CheckOutcome.Bad, "It did not answer."), (run.Result.Outcome, run.Result.Description));
        Assert.Empty(run.Result.Data);
    }

    [Fact]
    public void Scripts_AreAllThatTheRegionalStoreRuns()
    {
        var global = new[] { typeof(RedisGlobalCountStore), typeof(RedisGlobalRegionStore) };
        var scripts = from type in typeof(LuaScript).Assembly.GetTypes()
                      where !global.Contains(type)
                      from field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                      where field.FieldType == typeof(LuaScript)
                      select ((LuaScript)field.GetValue(null)!).Text;

        Assert.Equal(scripts.Order(), StoreScripts.All.Select(script => script.Text).Order());
    }

    /// <summary>A clock whose timers' work finds no thread while a test says so.</summary>
    private sealed class StallingTime : FakeTimeProvider
    {
        public bool IsStalled { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                given =>
                {
                    if (!IsStalled)
                    {
                        callback(given);
                    }
                },
                state, dueTime, period);
    }
}

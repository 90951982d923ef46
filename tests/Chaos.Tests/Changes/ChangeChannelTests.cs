using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.RateLimiting;

namespace Gatehouse.Chaos.Tests.Changes;

/// <summary>The change channel, on both kinds of store.</summary>
public class ChangeChannelTests
{
    private static readonly RateLimitKey Key = new("t", "p", SubjectKind.Opaque, "a \"subject\" 😀");

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Announcement_IsHeardByEveryProcess_AndItsOwn(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await using var silo = await ChannelProcess.StartAsync(store);
        await using var client = await ChannelProcess.StartAsync(store, announces: false);

        await silo.Announcer.SubjectChangedAsync(Key);
        await silo.Announcer.TenantChangedAsync("t", "7.");

        foreach (var process in new[] { silo, client })
        {
            Assert.Equal(Key.ToString(), await process.NextAsync());
            Assert.Equal("t 7.", await process.NextAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Process_ThatJoinsOrLeaves_DisturbsNobody(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await using var first = await ChannelProcess.StartAsync(store);
        await using (await ChannelProcess.StartAsync(store))
        {
            await first.UntilAsync(isCurrent: true);
        }

        await first.Announcer.SubjectChangedAsync(Key);

        Assert.Equal(Key.ToString(), await first.NextAsync());
        await first.UntilAsync(isCurrent: true);
    }

    [Theory]
    [MemberData(nameof(Store.Kinds), MemberType = typeof(Store))]
    public async Task Announcement_AfterManyAtOnce_SaysThatEverythingChanged(string kind)
    {
        await using var store = await Store.StartAsync(kind);
        await using var process = await ChannelProcess.StartAsync(store);

        await Task.WhenAll(Enumerable.Range(0, 5000).Select(
            i => process.Announcer.SubjectChangedAsync(Key with { Subject = $"{i}" })));

        // The first of them may have gone out alone.
        while (await process.NextAsync() != "missed")
        {
        }
    }

    [Fact]
    public async Task ConnectionKilled_WhatWasAnnouncedMeanwhile_IsHeardOrKnownToBeMissed()
    {
        await using var store = await Store.StartAsync("redis");
        await using var silo = await ChannelProcess.StartAsync(store);
        await using var client = await ChannelProcess.StartAsync(store, announces: false);
        for (var i = 0; i < 10; i++)
        {
            await store.Admin.ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");
            await silo.Announcer.SubjectChangedAsync(Key);

            Assert.Contains(await client.NextAsync(), new[] { Key.ToString(), "missed" });
            await client.UntilAsync(isCurrent: true);
        }
    }

    [Fact]
    public async Task Process_ThatStartsWhileTheStoreHangs_HearsOnceItAnswers()
    {
        await using var store = await Store.StartAsync("redis");
        await using var process = await ChannelProcess.ConnectAsync(store);
        var timedOut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var failures = ChannelProcess.ListenForFailures(what => _ = what == "subscribe" && timedOut.TrySetResult());

        await store.Server.PauseAsync();
        await process.StartAsync();
        await timedOut.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await store.Server.ContinueAsync();

        await process.UntilAsync(isCurrent: true);
        await process.Announcer.SubjectChangedAsync(Key);
        Assert.Equal(Key.ToString(), await process.NextAsync());
    }
}

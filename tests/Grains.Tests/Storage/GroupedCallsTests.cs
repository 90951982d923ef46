using Gatehouse.Grains.Abstractions.Resilience;
using Gatehouse.Grains.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Grains.Tests.Storage;

/// <summary>Calls that go out together: in order, at once when they are alone, and with an exception each.</summary>
public sealed class GroupedCallsTests : IDisposable
{
    private readonly List<(int[] Calls, TaskCompletionSource<int[]> Answer)> _sent = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task ACallAlone_GoesOutAtOnce()
    {
        var calls = New();

        var one = calls.AddAsync(1);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(0);

        Assert.Equal(-1, await one);
    }

    [Fact]
    public async Task WhatComesMeanwhile_GoesOutTogether_InOrder_AndUpToTheMost()
    {
        var calls = New(callsMax: 3);
        var all = new List<Task<int>> { calls.AddAsync(1) };
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        all.AddRange(Enumerable.Range(2, 5).Select(calls.AddAsync));

        for (var group = 0; group < 3; group++)
        {
            Answer(group);
            if (group < 2)
            {
                await _arrived.WaitAsync(TestContext.Current.CancellationToken);
            }
        }

        var answers = await Task.WhenAll(all);
        Assert.Equal([-1, -2, -3, -4, -5, -6], answers);
        Assert.Equal([[1], [2, 3, 4], [5, 6]], _sent.Select(group => group.Calls));
    }

    [Fact]
    public async Task AStoreThatIsGone_FailsItsGroup_AndThoseThatWereNotSent()
    {
        var calls = New();
        var sent = calls.AddAsync(1);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        var waiting = calls.AddAsync(2);
        var other = calls.AddAsync(3);

        _sent[0].Answer.SetException(
            new ServiceOverloadedException("redis_timeout", Applied.Unknown) { RetryAfter = TimeSpan.FromSeconds(7) });

        var unknown = await Assert.ThrowsAsync<ServiceOverloadedException>(() => sent);
        var notSent = await Assert.ThrowsAsync<ServiceOverloadedException>(() => waiting);
        var notSentEither = await Assert.ThrowsAsync<ServiceOverloadedException>(() => other);
        Assert.Equal(("redis_timeout", Applied.Unknown, 7), (unknown.Reason, unknown.Applied, unknown.RetryAfter.Seconds));
        Assert.Equal(("redis_timeout", Applied.No, 7), (notSent.Reason, notSent.Applied, notSent.RetryAfter.Seconds));
        Assert.NotSame(notSent, notSentEither);
        Assert.Single(_sent);

        var next = calls.AddAsync(4);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(1);
        Assert.Equal(-4, await next);
    }

    [Fact]
    public async Task AnAnswerThatIsAnError_IsItsGroupsOnly()
    {
        var calls = New();
        var wrong = calls.AddAsync(1);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        var right = calls.AddAsync(2);

        _sent[0].Answer.SetException(new InvalidOperationException("wrong"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => wrong);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(1);

        Assert.Equal(-2, await right);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AGroupThatIsAnsweredWithAnError_IsSentAgainOneByOne(bool isInPart)
    {
        var calls = New();
        var first = calls.AddAsync(1);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        var (right, wrong, last) = (calls.AddAsync(2), calls.AddAsync(3), calls.AddAsync(4));
        Answer(0);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);

        if (isInPart)
        {
            _sent[1].Answer.SetResult([-2]);
        }
        else
        {
            _sent[1].Answer.SetException(new InvalidOperationException("one of them"));
        }

        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(2);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        _sent[3].Answer.SetException(new InvalidOperationException("wrong"));
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(4);

        Assert.Equal((-1, -2), (await first, await right));
        await Assert.ThrowsAsync<InvalidOperationException>(() => wrong);
        Assert.Equal(-4, await last);
        Assert.Equal([[1], [2, 3, 4], [2], [3], [4]], _sent.Select(group => group.Calls));
    }

    [Fact]
    public async Task ACallThatWaitsTooLong_IsNotSent()
    {
        var calls = New();
        var first = calls.AddAsync(1);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        var late = calls.AddAsync(2);
        _time.Advance(TimeSpan.FromMilliseconds(751));
        var inTime = calls.AddAsync(3);
        Answer(0);
        await _arrived.WaitAsync(TestContext.Current.CancellationToken);
        Answer(1);

        var failure = await Assert.ThrowsAsync<ServiceOverloadedException>(() => late);
        Assert.Equal(("redis_pool_exhausted", Applied.No), (failure.Reason, failure.Applied));
        Assert.Equal((-1, -3), (await first, await inTime));
    }

    public void Dispose() => _arrived.Dispose();

    private void Answer(int group) => _sent[group].Answer.SetResult([.. _sent[group].Calls.Select(call => -call)]);

    private GroupedCalls<int, int> New(int callsMax = 10) => new(
        group =>
        {
            var answer = new TaskCompletionSource<int[]>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_sent)
            {
                _sent.Add(([.. group], answer));
            }

            _arrived.Release();
            return answer.Task;
        },
        callsMax, TimeSpan.FromMilliseconds(750), _time);
}

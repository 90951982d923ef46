using System.Diagnostics.Metrics;
using System.Reflection;
using Gatehouse.ApiHost.Http;
using Gatehouse.ApiHost.Idempotency;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Abstractions.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.ApiHost.Tests.Idempotency;

/// <summary>Claims of this API's own requests whose answer is lost on the way.</summary>
public sealed class GrainClaimsTests : IDisposable
{
    private static readonly ClaimKey Key = new("acme", "POST /orders", "k");
    private static readonly ClaimRequest Request = new() { Path = "/orders", Fingerprint = "f" };

    private readonly FakeTimeProvider _time = new();
    private readonly MeterListener _lost = new();
    private readonly LostCalls _calls;
    private readonly GrainClaims _claims;

    public GrainClaimsTests()
    {
        var grains = DispatchProxy.Create<IGrainFactory, OneGrain>();
        var grain = DispatchProxy.Create<IIdempotencyGrain, LostCalls>();
        ((OneGrain)(object)grains).Grain = grain;
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        _lost.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name == "gatehouse.http.lost_claims")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _lost.SetMeasurementEventCallback<long>((_, count, _, _) => _calls!.Lost.TrySetResult(count));
        _lost.Start();
        _calls = (LostCalls)(object)grain;
        _claims = new GrainClaims(grains, _time, new HttpMetrics(meters), NullLogger<GrainClaims>.Instance);
    }

    [Fact]
    public async Task ABeginWhoseAnswerIsLost_IsGivenBack_ByItsOwner_UntilThatIsAnswered()
    {
        _calls.Failures.Enqueue(new TimeoutException());
        _calls.Failures.Enqueue(new TimeoutException());

        await Assert.ThrowsAsync<TimeoutException>(() => _claims.BeginAsync(Key, Request, CancellationToken.None));
        while (!_calls.GivenBack.Task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(_calls.Owner, await _calls.GivenBack.Task);
    }

    [Fact]
    public async Task AClaimThatCannotBeGivenBackInTime_IsCounted()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _calls.Failures.Enqueue(new TimeoutException());
        }

        await Assert.ThrowsAsync<TimeoutException>(() => _claims.BeginAsync(Key, Request, CancellationToken.None));
        while (!_calls.Lost.Task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(1, await _calls.Lost.Task);
        Assert.False(_calls.GivenBack.Task.IsCompleted);
    }

    public void Dispose() => _lost.Dispose();

    [Fact]
    public async Task ABeginThatWasNotMade_IsNotGivenBack()
    {
        _calls.Failures.Enqueue(new ServiceOverloadedException("redis_unavailable", Applied.No));

        await Assert.ThrowsAsync<ServiceOverloadedException>(
            () => _claims.BeginAsync(Key, Request, CancellationToken.None));

        Assert.False(_calls.GivenBack.Task.IsCompleted);
    }

    /// <summary>Whatever grain is asked for, it is this one.</summary>
    public class OneGrain : DispatchProxy
    {
        public object? Grain { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Grain;
    }

    /// <summary>A grain whose calls fail as the test says, and which notes who claims and who gives back.</summary>
    public class LostCalls : DispatchProxy
    {
        public Queue<Exception> Failures { get; } = new();

        public string? Owner { get; private set; }

        public TaskCompletionSource<long> Lost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string> GivenBack { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (args![1] is BeginCall begin)
            {
                Owner = begin.Owner;
                return Task.FromException<BeginResult>(Failures.Dequeue());
            }

            if (Failures.TryDequeue(out var failure))
            {
                return Task.FromException<StepOutcome>(failure);
            }

            GivenBack.SetResult((string)args[1]!);
            return Task.FromResult(StepOutcome.Done);
        }
    }
}

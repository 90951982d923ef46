using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>Ends of claims that could not be told at once.</summary>
public sealed class ClaimRepairsTests : IAsyncDisposable
{
    private readonly TestTime _time = new();
    private readonly Claims _claims = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    [Fact]
    public async Task AnEndThatIsRefusedForGood_HoldsUpNoOther()
    {
        using var repairs = New();
        repairs.Add(End("bad"));
        repairs.Add(End("good"));

        await repairs.StartAsync(CancellationToken.None);
        await _time.PassAsync(1);

        Assert.Equal("bad", await _claims.Told.NextAsync());
        Assert.Equal("good", await _claims.Told.NextAsync());
        await repairs.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task WhatIsLeftWhenTheServiceStops_IsToldOnceMore()
    {
        using var repairs = New();
        repairs.Add(End("bad"));
        repairs.Add(End("bad"));
        await repairs.StartAsync(CancellationToken.None);
        await _time.WaitedForAsync(1);
        Assert.Equal("bad", await _claims.Told.NextAsync());

        await repairs.StopAsync(CancellationToken.None);

        Assert.Equal("bad", await _claims.Told.NextAsync());
        Assert.Equal("bad", await _claims.Told.NextAsync());
        Assert.False(_claims.Told.Reader.TryRead(out _));
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static ClaimStep End(string key) =>
        new(new ClaimKey(null, "POST /orders", key), 1, new KeptResponse { Status = 200 });

    private ClaimRepairs New() => new(
        _claims, new IdempotencyMetrics(_services.GetRequiredService<IMeterFactory>()), _time,
        NullLogger<ClaimRepairs>.Instance);

    /// <summary>Refuses what it is told of the key "bad".</summary>
    private sealed class Claims : IIdempotencyClaims
    {
        public Channel<string> Told { get; } = Channel.CreateUnbounded<string>();

        public Task<ClaimEnd> CompleteAsync(
            ClaimKey key, long epoch, KeptResponse response, CancellationToken cancellation)
        {
            Told.Writer.TryWrite(key.Key);
            return key.Key == "bad"
                ? Task.FromException<ClaimEnd>(new GatehouseRefusedException("bad"))
                : Task.FromResult(ClaimEnd.Done);
        }

        public Task<ClaimAnswer> BeginAsync(ClaimKey key, ClaimRequest request, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<ClaimEnd> ReleaseAsync(ClaimKey key, long epoch, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<ClaimEnd> RenewAsync(
            ClaimKey key, long epoch, TimeSpan lease, CancellationToken cancellation) =>
            throw new NotSupportedException();
    }
}

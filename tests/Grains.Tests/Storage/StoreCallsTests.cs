using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Gatehouse.Grains.Storage;
using Gatehouse.Grains.Tests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using StackExchange.Redis;

namespace Gatehouse.Grains.Tests.Storage;

/// <summary>What is said of calls of stores: how long they took, under which few names, and never what they held.</summary>
public sealed class StoreCallsTests : IDisposable
{
    private static readonly StoreOperation Get = new("HGET");
    private static readonly StoreOperation Script = new("EVALSHA", "ceiling");

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _spans = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Activity _caller = new("a caller");
    private readonly List<(double Seconds, Dictionary<string, object?> Labels)> _measured = [];
    private readonly StoreCalls _calls;

    public StoreCallsTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _calls = new StoreCalls("redis", "data", new StorageMetrics(meters).Commands, _time)
        {
            Server = new DnsEndPoint("redis-1", 6379),
        };
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "db.client.operation.duration" && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<double>((_, seconds, labels, _) =>
            _measured.Add((seconds, labels.ToArray().ToDictionary(label => label.Key, label => label.Value))));
        _meters.Start();
        _spans.ShouldListenTo = static source => source.Name == StoreCalls.SourceName;
        // As a sampler that asks the parent. Other tests' calls are not this one's.
        _spans.Sample = (ref options) => options.Parent.TraceId == _caller.TraceId && _caller.Recorded
            ? ActivitySamplingResult.AllDataAndRecorded
            : ActivitySamplingResult.None;
        ActivitySource.AddActivityListener(_spans);
    }

    public void Dispose()
    {
        _caller.Dispose();
        _spans.Dispose();
        _meters.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void ACall_IsTimedUnderItsName()
    {
        Succeed(Get, TimeSpan.FromMilliseconds(20));

        var (seconds, labels) = Assert.Single(_measured);
        Assert.Equal(0.02, seconds);
        Assert.Equal(
            new() { ["db.system.name"] = "redis", ["db.operation.name"] = "HGET", ["store"] = "data" }, labels);
    }

    [Fact]
    public void AScript_HasItsNameBesideTheCommand()
    {
        Succeed(Script);

        Assert.Equal("EVALSHA", _measured.Single().Labels["db.operation.name"]);
        Assert.Equal("ceiling", _measured.Single().Labels["db.stored_procedure.name"]);
    }

    public static TheoryData<Exception, string> Failures { get; } = new()
    {
        { KnownFailures.Said("OOM command not allowed when used memory > 'maxmemory'."), "OOM" },
        { KnownFailures.Said("NOSCRIPT No matching script."), "NOSCRIPT" },
        { KnownFailures.Said("acme-secret is what a script said"), nameof(RedisServerException) },
        { new RedisTimeoutException(CommandFlags.None, "HGET acme", CommandStatus.Sent), nameof(RedisTimeoutException) },
        { new PostgresException("duplicate key acme", "ERROR", "ERROR", "23505"), "23505" },
        { new TimeoutException("acme"), nameof(TimeoutException) },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void AFailure_IsNamedByItsKind_AndNothingOfItsMessageIsSaid(Exception failure, string error)
    {
        Trace();
        foreach (var operation in new[] { Get, Script })
        {
            var call = _calls.Start(operation);
            _calls.Failed(call, failure);

            Assert.Equal(error, _measured[^1].Labels["error.type"]);
            Assert.Equal(operation.Procedure, _measured[^1].Labels.GetValueOrDefault("db.stored_procedure.name"));
            Assert.Equal((ActivityStatusCode.Error, null), (call.Span!.Status, call.Span.StatusDescription));
            Assert.Equal(error, call.Span.GetTagItem("error.type"));
            var isAnswer = failure is RedisServerException or PostgresException;
            Assert.Equal(isAnswer ? error : null, call.Span.GetTagItem("db.response.status_code"));
            Assert.DoesNotContain(call.Span.TagObjects, tag => $"{tag.Value}".Contains("acme", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void UnderATrace_ACallIsASpanOfIt()
    {
        Trace();

        var span = Succeed(Script).Span!;

        Assert.Equal((_caller.TraceId, _caller.SpanId), (span.TraceId, span.ParentSpanId));
        Assert.Equal(("EVALSHA", ActivityKind.Client, true), (span.DisplayName, span.Kind, span.IsStopped));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(
            new()
            {
                ["db.system.name"] = "redis",
                ["db.operation.name"] = "EVALSHA",
                ["db.stored_procedure.name"] = "ceiling",
                ["gatehouse.store"] = "data",
                ["server.address"] = "redis-1",
                ["server.port"] = 6379,
            },
            span.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value));
        Assert.Same(_caller, Activity.Current);
    }

    [Fact]
    public void WhatGoesOnBehindTheCallers_IsNoSpan()
    {
        Assert.Null(Succeed(Get).Span);

        Trace();
        _caller.Stop();
        Activity.Current = _caller;

        Assert.Null(Succeed(Get).Span);
    }

    [Fact]
    public void ATraceThatIsNotSampled_HasNoSpans()
    {
        _caller.Start();

        Assert.Null(Succeed(Get).Span);
    }

    [Fact]
    public void CallsThatAreSentLater_AreSpansOfTheOneWhoWaits()
    {
        Trace();
        Activity.Current = null;

        StoreCalls.Continue(_caller);

        Assert.Equal(_caller.SpanId, Succeed(Get).Span!.ParentSpanId);
    }

    /// <summary>The price of a call that nobody traces, which are nearly all of them.</summary>
    [Fact]
    public void ACallThatNobodyTraces_MakesNoObject()
    {
        var metrics = new StorageMetrics(_services.GetRequiredService<IMeterFactory>());
        var calls = new StoreCalls("redis", "data", metrics.Commands, _time);
        var counted = 0;
        using var meters = new MeterListener();
        meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == "db.client.operation.duration")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.Dispose();
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => counted++);
        meters.Start();
        Run(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(10_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(counted >= 20_200, $"{counted}");

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                calls.Succeeded(calls.Start(Get));
                calls.Succeeded(calls.Start(Script));
            }
        }
    }

    private void Trace()
    {
        _caller.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        _caller.Start();
    }

    private StoreCall Succeed(StoreOperation operation, TimeSpan time = default)
    {
        var call = _calls.Start(operation);
        _time.Advance(time);
        _calls.Succeeded(call);
        return call;
    }
}

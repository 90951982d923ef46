using Gatehouse.AspNetCore.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>A client that is called with every request writes no line for each.</summary>
public class CallLogTests
{
    private const string Admitted = """
        {"allowed":true,"reason":"within_limit","limit":9,"effectiveLimit":9,"remaining":8,"resetAfterMs":1,"retryAfterMs":0,
        "cold":false,"degraded":false,"policy":"login"}
        """;

    private readonly FakeGatehouse _gatehouse = new();

    [Fact]
    public async Task Calls_LogNothingOfTheirOwn_WhateverBecomesOfThem()
    {
        _gatehouse.ThenLost().Then(200, Admitted);
        await using var service = TestService.With(_gatehouse, new FakeTimeProvider());

        await Assert.ThrowsAsync<GatehouseUnavailableException>(() => service.Client.CheckAsync("login", "user-7"));
        await service.Client.CheckAsync("login", "user-7");

        Assert.DoesNotContain(service.Log.Lines, line => line.Level is >= LogLevel.Information and not LogLevel.None);
    }
}

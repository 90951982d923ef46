using CsCheck;
using Gatehouse.Grains.Abstractions.Idempotency;
using Gatehouse.Grains.Idempotency;

namespace Gatehouse.Grains.Tests.Idempotency;

/// <summary>Where a key lies in the older layout: never where another key lies in the one of today.</summary>
public class LegacyRecordTests
{
    private static readonly Gen<string> Part =
        Gen.OneOf("a", ":", "%", "{", "tenant", "tenant:", "idempotency:", "ep:", "Tenant:", "é", " ").Array[0, 6]
            .Select(string.Concat);

    [Fact]
    public void Of_AKey_IsItsNameAsTheCallerWroteIt_AndWhoseItIs() => Assert.Equal(
        new LegacyRecord("idempotency:a:{b}%", "acme", "POST /orders/{id}"),
        LegacyRecord.Of(IdempotencyKeyName.Of("acme", "POST /orders/{id}", "a:{b}%")));

    [Fact]
    public void Of_AnyKey_HasItsPartsOrNoneAtAll() => Gen.Select(Part, Part, Part).Sample(
        (tenant, endpoint, key) =>
        {
            var record = LegacyRecord.Of(IdempotencyKeyName.Of(tenant, endpoint, key));
            return key.StartsWith("tenant:", StringComparison.Ordinal)
                ? record is null
                : record == new LegacyRecord($"idempotency:{key}", tenant, endpoint);
        },
        iter: 100_000);

    [Fact]
    public void Of_AnyKey_IsNeverANameOfTheNewLayout() => Gen.Select(Part, Part, Part).Sample(
        (tenant, endpoint, key) => LegacyRecord.Of(IdempotencyKeyName.Of(tenant, endpoint, key)) is not { } record
            || (!record.Name.StartsWith("idempotency:tenant:", StringComparison.Ordinal)
                && !IdempotencyKeyName.TryParse(record.Name, out _, out _, out _)),
        iter: 100_000);

    [Theory]
    [InlineData("tenant:")]
    [InlineData("tenant:beta:ep:POST /orders:k1")]
    public void Of_AKeyThatWouldBeANameOfTheNewLayout_IsNone(string key) =>
        Assert.Null(LegacyRecord.Of(IdempotencyKeyName.Of("acme", "POST /orders", key)));

    [Fact]
    public void Of_WhatIsNoName_IsNone() => Assert.Null(LegacyRecord.Of("idempotency:k1"));
}

using CsCheck;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Tests.Idempotency;

/// <summary>No two keys have one name, whatever is in them; and endpoints are named without their ids.</summary>
public class IdempotencyKeyNameTests
{
    private static readonly string[] Pieces =
        ["a", "b", ":", "%", "{", "}", "%3A", ":ep:", "tenant", "\u0001", "é", "idempotency"];

    private static readonly Gen<string> Part =
        Gen.Int[0, Pieces.Length - 1].Array[0, 4].Select(places => string.Concat(places.Select(place => Pieces[place])));

    [Fact]
    public void Of_IsTheLayoutThatOperatorsKnow() => Assert.Equal(
        "idempotency:tenant:acme:ep:POST /orders/%7Bid%7D:k1",
        IdempotencyKeyName.Of("acme", "POST /orders/{id}", "k1"));

    [Fact]
    public void Of_DifferentParts_IsADifferentName() => Gen.Select(Part, Part, Part, Part, Part, Part).Sample(
        (a, b, c, x, y, z) => ((a, b, c) == (x, y, z)) == (IdempotencyKeyName.Of(a, b, c) == IdempotencyKeyName.Of(x, y, z)),
        iter: 100_000);

    [Theory]
    [InlineData("a:ep:x", "y", "k", "a", "x:ep:y", "k")]
    [InlineData("t", "p", "b:c", "t", "p:b", "c")]
    [InlineData("t", "p", "%3A", "t", "p", ":")]
    public void Of_PartsThatWouldMeet_DoNot(string a, string b, string c, string x, string y, string z) =>
        Assert.NotEqual(IdempotencyKeyName.Of(a, b, c), IdempotencyKeyName.Of(x, y, z));

    [Fact]
    public void Encode_LeavesNoHashTagOrControlCharacter() => Part.Sample(part =>
        Assert.DoesNotContain(IdempotencyKeyName.Encode(part), letter => letter is '{' or '}' or ':' or < ' '));

    [Theory]
    [InlineData("post /Orders/{id:guid}/Items/{item?}", "POST /orders/{id}/items/{item}")]
    [InlineData("POST /orders/{Id}/", "POST /orders/{Id}")]
    [InlineData("PUT /tickets/17", "PUT /tickets/{id}")]
    [InlineData("PUT /tickets/0b8c1f52-6a6d-4a2c-9c58-7d0f5b7a1c11/close", "PUT /tickets/{id}/close")]
    [InlineData("GET /u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET /u/{id}")]
    [InlineData("GET /u/deadbeef01", "GET /u/{id}")]
    [InlineData("GET /u/a@example.com", "GET /u/{id}")]
    [InlineData("GET /v2/users/me", "GET /v2/users/me")]
    [InlineData("GET /files/deadbeef", "GET /files/deadbeef")]
    [InlineData("GET /", "GET /")]
    public void TryRead_AnEndpoint_TakesItsIdsOut(string text, string name)
    {
        Assert.True(EndpointName.TryRead(text, out var read));
        Assert.Equal(name, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("POST")]
    [InlineData("/orders")]
    [InlineData("POST orders")]
    [InlineData("POST /orders?x=1")]
    [InlineData("P0ST /orders")]
    [InlineData("POST  /orders")]
    public void TryRead_AnythingElse_IsRefused(string? text) => Assert.False(EndpointName.TryRead(text, out _));

    [Fact]
    public void Fingerprint_CoversEveryPart_AndNotTheOrderOfTheQuery()
    {
        var one = RequestFingerprint.Of("POST", "/orders/7", "a=1&b=2", "application/json", "{}"u8);

        Assert.Equal(one, RequestFingerprint.Of("post", "/orders/7", "b=2&a=1", "Application/JSON; charset=utf-8", "{}"u8));
        Assert.Equal(6, new HashSet<string>
        {
            one,
            RequestFingerprint.Of("PUT", "/orders/7", "a=1&b=2", "application/json", "{}"u8),
            RequestFingerprint.Of("POST", "/orders/8", "a=1&b=2", "application/json", "{}"u8),
            RequestFingerprint.Of("POST", "/orders/7", "a=1&b=3", "application/json", "{}"u8),
            RequestFingerprint.Of("POST", "/orders/7", "a=1&b=2", "text/plain", "{}"u8),
            RequestFingerprint.Of("POST", "/orders/7", "a=1&b=2", "application/json", "{ }"u8),
        }.Count);
    }
}

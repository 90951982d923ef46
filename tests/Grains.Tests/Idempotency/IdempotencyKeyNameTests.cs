using CsCheck;
using Gatehouse.Grains.Abstractions.Idempotency;

namespace Gatehouse.Grains.Tests.Idempotency;

/// <summary>No two keys have one name, whatever is in them.</summary>
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
}

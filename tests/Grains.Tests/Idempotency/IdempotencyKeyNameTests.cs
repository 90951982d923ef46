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

    /// <summary>What a part could look like once it is encoded, well or not.</summary>
    private static readonly Gen<string> Text =
        Gen.OneOf("a", "%3A", "%3a", "%25", "%", "%7", "%7F", ":", "%2", "5", "{").Array[0, 4].Select(string.Concat);

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
    public void TryParse_OfAName_AnswersItsParts() => Gen.Select(Part, Part, Part).Sample(
        (tenant, endpoint, key) =>
            IdempotencyKeyName.TryParse(IdempotencyKeyName.Of(tenant, endpoint, key), out var a, out var b, out var c)
            && (a, b, c) == (tenant, endpoint, key),
        iter: 100_000);

    [Fact]
    public void TryParse_OfAnyText_AcceptsOnlyWhatOfWrites() => Gen.Select(Text, Text, Text).Sample(
        (first, second, third) =>
        {
            var name = $"idempotency:tenant:{first}:ep:{second}:{third}";
            var isName = IdempotencyKeyName.TryParse(name, out var tenant, out var endpoint, out var key);
            return isName ? IdempotencyKeyName.Of(tenant, endpoint, key) == name : (tenant, endpoint, key) == ("", "", "");
        },
        iter: 100_000);

    [Theory]
    [InlineData("")]
    [InlineData("idempotency:k")]
    [InlineData("idempotency:tenant:a:ep:b")]
    [InlineData("idempotency:tenant:a:ep:b:c:d")]
    [InlineData("idempotency:tenant:a:xx:b:c")]
    [InlineData("Idempotency:tenant:a:ep:b:c")]
    // What Of writes otherwise: a small letter, a character that needs none, half a code, a bare brace.
    [InlineData("idempotency:tenant:a:ep:b:%3a")]
    [InlineData("idempotency:tenant:a:ep:b:%41")]
    [InlineData("idempotency:tenant:a:ep:b:%3")]
    [InlineData("idempotency:tenant:a:ep:b:%")]
    [InlineData("idempotency:tenant:a:ep:{b}:c")]
    public void TryParse_OfWhatIsNoName_IsFalse(string text) =>
        Assert.False(IdempotencyKeyName.TryParse(text, out _, out _, out _));

    [Fact]
    public void Encode_LeavesNoHashTagOrControlCharacter() => Part.Sample(part =>
        Assert.DoesNotContain(IdempotencyKeyName.Encode(part), letter => letter is '{' or '}' or ':' or < ' '));
}

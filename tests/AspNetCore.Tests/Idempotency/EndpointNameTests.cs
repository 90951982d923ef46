using Gatehouse.AspNetCore.Idempotency;

namespace Gatehouse.AspNetCore.Tests.Idempotency;

/// <summary>Endpoints are named without their ids, and requests are told apart with them.</summary>
public class EndpointNameTests
{
    [Theory]
    [InlineData("post /Orders/{id:guid}/Items/{item?}", "POST /orders/{id}/items/{item}")]
    [InlineData("POST /orders/{Id}/", "POST /orders/{Id}")]
    [InlineData("POST /orders/{id}/items/{**rest}", "POST /orders/{id}/items/{**rest}")]
    [InlineData("POST /orders/17/{id}", "POST /orders/17/{id}")]
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
    [InlineData("POST /orders?x={id}")]
    [InlineData("POST /orders/{id}?x={y}")]
    [InlineData("P0ST /orders")]
    [InlineData("POST  /orders")]
    [InlineData("POST\n /orders")]
    [InlineData("POST /orders/{id}\n")]
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

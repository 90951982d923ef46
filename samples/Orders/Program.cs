using Gatehouse.AspNetCore;
using Gatehouse.AspNetCore.Auditing;
using Gatehouse.AspNetCore.Idempotency;
using Gatehouse.AspNetCore.RateLimiting;

// A shop: an order is paid for once, however often it is sent; nobody orders too often; and what was ordered can be
// proved. Gatehouse:Url, Gatehouse:Tenant and Gatehouse:ApiKey say which Gatehouse, and as whom.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddGatehouse();
builder.Services.AddHttpClient("payments", static (services, client) =>
    client.BaseAddress = services.GetRequiredService<IConfiguration>().GetValue("Payments:Url", new Uri("http://localhost:5080")));

var app = builder.Build();
app.UseGatehouseRateLimiting("default");
app.UseGatehouseIdempotency();

app.MapPost("/orders", OrderAsync).WithIdempotency(static terms =>
{
    terms.IsKeyRequired = true;
    // How soon a crash is noticed.
    terms.LeaseSeconds = 10;
});

// Stands for a payment provider.
app.MapPost("/payments", static () => TypedResults.Ok(new Payment(Guid.NewGuid())));
app.Run();

static async Task<IResult> OrderAsync(
    Order order, HttpContext context, IHttpClientFactory clients, IAuditWriter audit)
{
    var request = context.Features.Get<IIdempotentRequest>()!;
    if (order.Amount <= 0)
    {
        request.HadNoEffect();
        return TypedResults.Problem("amount must be above 0", statusCode: StatusCodes.Status400BadRequest);
    }

    // The provider gets the same key whenever this order is started again, and no other order has it.
    using var client = clients.CreateClient("payments");
    client.DefaultRequestHeaders.Add("Idempotency-Key", request.KeyToHandOn);
    using var answer = await client.PostAsJsonAsync("/payments", order);
    var payment = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Payment>();

    // Answered before it is recorded: it waits in a queue that loses nothing silently. AppendAsync would wait for it.
    await audit.WriteAsync(new AuditEvent
    {
        Actor = new AuditParty("customer", order.Customer),
        Action = "order.place",
        Resource = new AuditParty("payment", $"{payment!.Id}"),
        Outcome = AuditOutcome.Success,
    });
    return TypedResults.Created($"/orders/{payment.Id}", new Placed(payment.Id, order.Amount));
}

internal sealed record Order(string Customer, decimal Amount);

internal sealed record Payment(Guid Id);

internal sealed record Placed(Guid Id, decimal Amount);

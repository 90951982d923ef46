using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gatehouse.ApiHost.OpenApi;

/// <summary>
/// The refusals that routes have in common, because they come from what stands before them: no route says them itself.
/// </summary>
internal static class SharedProblems
{
    private const string MediaType = "application/problem+json";

    public static Task Add(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        // The door, admission, the stores. Public routes are never refused; nginx is told in words of its own.
        if (metadata.OfType<Access>().LastOrDefault() is not { Kind: AccessKind.Public }
            && !metadata.OfType<NginxRoute>().Any())
        {
            Add(operation, "429", "Too Many Requests");
        }

        // The key itself, its other request, and a body: that is a part of what a key stands for where the route takes
        // none, too.
        if (metadata.OfType<IdempotentAttribute>().Any())
        {
            Add(operation, "400", "Bad Request");
            Add(operation, "409", "Conflict");
            Add(operation, "413", "Payload Too Large");
            Add(operation, "422", "Unprocessable Entity");
        }

        return Task.CompletedTask;
    }

    private static void Add(OpenApiOperation operation, string status, string description)
    {
        var problem = (operation.Responses ?? []).Values
            .Select(static answer => answer.Content?.TryGetValue(MediaType, out var body) is true ? body : null)
            .FirstOrDefault(static body => body is not null);
        if (problem is not null)
        {
            operation.Responses!.TryAdd(status, new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType> { [MediaType] = problem },
            });
        }
    }
}

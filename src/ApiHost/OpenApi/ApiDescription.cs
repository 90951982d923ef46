using Gatehouse.ApiHost.Http;
using Gatehouse.AspNetCore.Idempotency;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Gatehouse.ApiHost.OpenApi;

/// <summary>The OpenAPI document at /openapi/v1.json and the reference page at /scalar.</summary>
internal static class ApiDescription
{
    private const string SchemeName = "apiKey";
    private const string ProxySchemeName = "proxyKey";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "Gatehouse";
            document.Info.Version = "v1";
            document.Info.Description =
                "A trust plane for HTTP APIs. Errors are application/problem+json with a stable `code`; " +
                "every answer carries `X-Request-Id`.";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key of a tenant (`gh_...`), or the admin key.",
            };
            document.Components.SecuritySchemes[ProxySchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = Authenticator.KeyHeader,
                Description = "The API key of a proxy that asks for its client.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAccess);
        options.AddOperationTransformer(DescribeIdempotency);
        options.AddOperationTransformer(SharedProblems.Add);
        options.AddOperationTransformer(Examples.Add);
    });

    public static void MapReference(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json").Public();
        routes.MapScalarApiReference("/scalar", static page => page.WithTitle("Gatehouse API").DisableDefaultFonts())
            .Public();
    }

    private static Task DescribeAccess(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var access = context.Description.ActionDescriptor.EndpointMetadata.OfType<Access>().LastOrDefault();
        if (access is null or { Kind: AccessKind.Public or AccessKind.Anonymous })
        {
            return Task.CompletedTask;
        }

        var scheme = access.Places is CredentialPlaces.Authorization ? SchemeName : ProxySchemeName;
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] }];
        operation.Description = string.IsNullOrEmpty(operation.Description)
            ? Needs(access)
            : $"{operation.Description}\n\n{Needs(access)}";
        return Task.CompletedTask;
    }

    private static Task DescribeIdempotency(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IdempotentAttribute>().Any())
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = IdempotencyKeyHeader.Name,
                In = ParameterLocation.Header,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = IdempotencyKeyHeader.LengthMax },
                Description = "Names this request: its repetitions change nothing and get the first answer, with "
                    + "`Idempotent-Replayed: true`, for 24 h. In quotes, or without.",
            });
        }

        return Task.CompletedTask;
    }

    private static string Needs(Access access) => access.Kind switch
    {
        AccessKind.Admin => "Needs the admin key.",
        AccessKind.Tenant => $"Needs a key of this tenant with the scope `{access.Scope}`, or the admin key.",
        _ => "Needs any good credential.",
    };
}

/// <summary>Declares the error answers of a route.</summary>
internal static class ProblemMetadataExtensions
{
    public static RouteHandlerBuilder ProducesProblems(
        this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<ProblemResponse>(status, "application/problem+json");
        }

        // Every route but the public ones can answer these.
        route.Produces<ProblemResponse>(401, "application/problem+json");
        return route.Produces<ProblemResponse>(403, "application/problem+json");
    }
}

using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>Whether the service's pipeline makes endpoints idempotent.</summary>
internal sealed class IdempotencyPipeline
{
    public bool IsUsed { get; set; }
}

/// <summary>
/// Fails the start of a service that marks endpoints and does nothing about it, or that marks them wrongly: they would
/// run twice, and nobody would notice.
/// </summary>
internal sealed class IdempotencyPipelineCheck(IdempotencyPipeline pipeline, IEnumerable<EndpointDataSource> endpoints)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Endpoints are known once the pipeline is built, which the web host does when it starts.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var endpoint in endpoints.SelectMany(static source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<IdempotentAttribute>() is { } terms)
            {
                Check(endpoint.DisplayName, terms);
            }
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Check(string? endpoint, IdempotentAttribute terms)
    {
        if (!pipeline.IsUsed)
        {
            throw new InvalidOperationException(
                $"{endpoint} is marked as idempotent, and nothing makes it so: call app.UseGatehouseIdempotency().");
        }

        if (terms.LeaseSeconds is < 1 or > 3_600)
        {
            throw new InvalidOperationException($"{endpoint}: LeaseSeconds must be between 1 and 3600.");
        }

        if (terms.Abandoned is not (AbandonedClaim.Hold or AbandonedClaim.Retry))
        {
            throw new InvalidOperationException($"{endpoint}: Abandoned must be Hold or Retry.");
        }
    }
}

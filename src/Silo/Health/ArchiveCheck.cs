using Gatehouse.Grains.Auditing.Archive;
using Microsoft.Extensions.Options;

namespace Gatehouse.Silo.Health;

/// <summary>Whether the database of the audit archive answers, whatever its schema.</summary>
internal sealed class ArchiveCheck(IAuditArchive archive, IOptions<ArchiveOptions> options) : IDependencyCheck
{
    public string Name => CheckNames.Archive;

    public TimeSpan Deadline { get; } = TimeSpan.FromSeconds(2);

    public async Task<CheckResult> LookAsync(CancellationToken cancellationToken)
    {
        await archive.PingAsync(cancellationToken);
        return new CheckResult(CheckOutcome.Good)
        {
            Data = new Dictionary<string, object> { ["provider"] = $"{options.Value.Provider}" },
        };
    }
}

using Microsoft.Extensions.Options;

namespace Gatehouse.Grains.SigningKeys.Signing;

/// <summary>
/// The configuration's revocations as they are now; a file that changes takes effect without a restart.
/// </summary>
internal sealed class RevokedByConfiguration : IDisposable
{
    private readonly IDisposable? _subscription;
    private volatile RevokedVersions _versions;

    public RevokedByConfiguration(IOptionsMonitor<SigningKeysOptions> options)
    {
        _versions = new RevokedVersions(options.CurrentValue.RevokedVersions);
        _subscription = options.OnChange(changed =>
        {
            var before = _versions;
            _versions = new RevokedVersions(changed.RevokedVersions);
            if (!_versions.IsSameAs(before))
            {
                Changed?.Invoke();
            }
        });
    }

    /// <summary>Called after <see cref="Versions"/> has changed.</summary>
    public event Action? Changed;

    public RevokedVersions Versions => _versions;

    public void Dispose() => _subscription?.Dispose();
}

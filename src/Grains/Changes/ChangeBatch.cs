namespace Gatehouse.Grains.Changes;

/// <summary>Changes that wait to be announced: each once, and no more than a message holds.</summary>
internal sealed class ChangeBatch
{
    /// <summary>
    /// More than this and the message says that everything changed: a listener forgets too much then.
    /// </summary>
    public const int Max = 500;

    private readonly HashSet<string> _subjects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _rings = new(StringComparer.Ordinal);
    private bool _everything;

    public bool IsEmpty => !_everything && Count == 0;

    private int Count => _subjects.Count + _tenants.Count + _rings.Count;

    public void AddSubject(string key)
    {
        _subjects.Add(key);
        Collapse();
    }

    public void AddTenant(string tenant, string version)
    {
        _tenants[tenant] = version;
        Collapse();
    }

    public void AddRing(string tenant, string version)
    {
        _rings[tenant] = version;
        Collapse();
    }

    /// <summary>Takes in an older batch that was not sent. What this one says of a tenant is newer.</summary>
    public void AddOlder(ChangeBatch older)
    {
        _everything |= older._everything;
        _subjects.UnionWith(older._subjects);
        foreach (var (tenant, version) in older._tenants)
        {
            _tenants.TryAdd(tenant, version);
        }

        foreach (var (tenant, version) in older._rings)
        {
            _rings.TryAdd(tenant, version);
        }

        Collapse();
    }

    public ChangeMessage Message(string sender, long sequence, long sentAt) => new()
    {
        Sender = sender,
        Sequence = sequence,
        SentAt = sentAt,
        Everything = _everything,
        Subjects = _subjects.Count == 0 ? null : _subjects,
        Tenants = _tenants.Count == 0 ? null : _tenants,
        Rings = _rings.Count == 0 ? null : _rings,
    };

    private void Collapse()
    {
        _everything |= Count > Max;
        if (_everything)
        {
            _subjects.Clear();
            _tenants.Clear();
            _rings.Clear();
        }
    }
}

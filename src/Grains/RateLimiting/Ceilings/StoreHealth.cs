namespace Gatehouse.Grains.RateLimiting.Ceilings;

/// <summary>
/// Whether a store of counts answers, as this silo's subjects find. While it does not, no call waits for it.
/// </summary>
internal class StoreHealth
{
    private volatile bool _isStalled;

    public bool IsStalled => _isStalled;

    public void Answered() => _isStalled = false;

    public void Failed() => _isStalled = true;
}

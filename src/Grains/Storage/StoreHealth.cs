namespace Gatehouse.Grains.Storage;

/// <summary>
/// Whether a store answers, as those who use it on this silo find. While it does not, no call waits for it.
/// </summary>
internal class StoreHealth
{
    private volatile bool _isStalled;

    public bool IsStalled => _isStalled;

    public void Answered() => _isStalled = false;

    public void Failed() => _isStalled = true;
}

namespace Gatehouse.Grains.RateLimiting.Global;

/// <summary>How the limit over all regions is divided while the regions do not hear of each other.</summary>
/// <param name="Limit">Units that all regions together admit in one window.</param>
/// <param name="Free">
/// Units that a region may use without telling the others, who count it as using that much. So small that the others
/// can still have their whole regional limit.
/// </param>
/// <param name="Fair">An equal share: what a region keeps to while it cannot reach the global store.</param>
internal readonly record struct GlobalShare(long Limit, long Free, long Fair)
{
    /// <summary>Divides the limit between so many regions.</summary>
    public static GlobalShare Of(long regionalLimit, decimal multiplier, int regions)
    {
        var limit = (long)decimal.Floor(regionalLimit * multiplier);
        return regions <= 1
            ? new GlobalShare(limit, limit, limit)
            : new GlobalShare(limit, (limit - regionalLimit) / (regions - 1), limit / regions);
    }

    /// <summary>
    /// What is left for this region of what the others leave. One that tells nothing uses the free share at most; one
    /// that has fallen silent was cut off, and keeps to its fair share.
    /// </summary>
    /// <param name="others">What each of the others told, and whether it is silent.</param>
    /// <param name="regions">How many regions there are, this one included.</param>
    public long RoomBeside(IReadOnlyList<(long Told, bool IsSilent)> others, int regions)
    {
        var room = Limit - (Math.Max(0, regions - 1 - others.Count) * Free);
        foreach (var (told, isSilent) in others)
        {
            room -= Math.Max(told, isSilent ? Math.Max(Free, Fair) : Free);
        }

        return Math.Max(0, room);
    }
}

/// <summary>How much of one window this region may use in all.</summary>
/// <param name="Free">That much in any case.</param>
/// <param name="Known">That much by what the others told a moment ago; null while that is not known.</param>
internal readonly record struct GlobalRoom(long Free, long? Known)
{
    /// <summary>Regions limit each for itself.</summary>
    public static GlobalRoom Unlimited { get; } = new(long.MaxValue, null);

    public bool IsLimited => Free != long.MaxValue;

    public long Units => Math.Max(Free, Known ?? 0);
}

namespace Gatehouse.AspNetCore.Http;

/// <summary>What a call is for: how long and how often it is tried follows from it.</summary>
internal enum CallKind
{
    /// <summary>Not set.</summary>
    None = 0,

    /// <summary>A check of a rate limit: soon, or not at all.</summary>
    Check = 1,

    /// <summary>Audit events, each with an id.</summary>
    Append = 2,

    /// <summary>A request that wants to start, with an owner.</summary>
    Begin = 3,

    /// <summary>What becomes of a request that has started.</summary>
    Step = 4,
}

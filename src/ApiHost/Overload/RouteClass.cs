namespace Gatehouse.ApiHost.Overload;

/// <summary>What a route is worth while there is too much to do, the first most.</summary>
internal enum RouteClass
{
    None = 0,

    /// <summary>Decisions that somebody's own request waits for.</summary>
    Check = 1,

    /// <summary>What changes nothing.</summary>
    Read = 2,

    Write = 3,

    /// <summary>Long answers that nobody waits for.</summary>
    Export = 4,
}

namespace Gatehouse.ApiHost.Http;

/// <summary>How large a body may be.</summary>
internal static class BodyLimit
{
    /// <summary>Enforced by Kestrel while it reads, so that a body without a length is bounded too.</summary>
    public const int Bytes = 64 * 1024;
}

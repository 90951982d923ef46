namespace Gatehouse.Grains.Abstractions.Changes;

/// <summary>Where the documents of a <see cref="DocumentCache{T}"/> are read.</summary>
internal interface IDocumentSource<T> where T : class
{
    /// <summary>Reads a document; null when it is still the one that <paramref name="knownVersion"/> names.</summary>
    Task<T?> ReadAsync(string name, string? knownVersion);

    /// <summary>Names the content of a document.</summary>
    string VersionOf(T document);
}

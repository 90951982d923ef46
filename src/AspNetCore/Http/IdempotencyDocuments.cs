namespace Gatehouse.AspNetCore.Http;

/// <summary>A request that wants to start, as it is sent.</summary>
internal sealed record BeginDocument
{
    public required string Endpoint { get; init; }

    public required string Path { get; init; }

    public required string Key { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>hold or retry.</summary>
    public required string Policy { get; init; }

    public required long LeaseMs { get; init; }

    /// <summary>Names the request, so that it finds its own claim when it is sent again.</summary>
    public required string Owner { get; init; }
}

/// <summary>What begin answers when there is something to do, or to give again.</summary>
internal sealed record BegunDocument
{
    /// <summary>started, completed or tombstoned.</summary>
    public required string State { get; init; }

    public required long Epoch { get; init; }

    public ResponseDocument? Response { get; init; }
}

/// <summary>How it ended.</summary>
internal sealed record CompleteDocument(string Endpoint, string Key, long Epoch, ResponseDocument Response);

/// <summary>The key is given back: by its epoch, or by the owner who never learned it.</summary>
internal sealed record ReleaseDocument(string Endpoint, string Key, long? Epoch, string? Owner);

/// <summary>The claim is kept for longer.</summary>
internal sealed record RenewDocument(string Endpoint, string Key, long Epoch, long LeaseMs);

/// <summary>An answer that is kept.</summary>
internal sealed record ResponseDocument
{
    public required int Status { get; init; }

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The body, base64.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    public bool? Tombstone { get; init; }
}

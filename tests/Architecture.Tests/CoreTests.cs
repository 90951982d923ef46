using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gatehouse.Architecture.Tests;

/// <summary>
/// Decisions live in cores: state and time in, next state and answer out. Every file of an area is a core unless its
/// name says that it is part of the shell.
/// </summary>
public partial class CoreTests
{
    private static readonly string[] Forbidden =
    [
        "Task", "ValueTask", "TimeProvider", "Stopwatch", "Random", "RandomNumberGenerator", "ILogger", "IDatabase",
        "RedisValue", "RedisKey", "IGrainFactory", "Grain", "IPersistentState", "UtcNow", "Now", "NewGuid",
        "GetTimestamp", "IOptions", "IMeterFactory", "Interlocked", "Lock",
    ];

    public static TheoryData<string> Cores { get; } = new(SourceTree.Production
        .Where(file => IsOfAnArea(file) || IsFormat(file))
        .Where(file => !Shell().IsMatch(file.Name))
        .Select(file => file.Path));

    [Fact]
    public void Cores_AreFound() => Assert.True(Cores.Count >= 15);

    [Theory]
    [MemberData(nameof(Cores))]
    public void Core_TouchesNothingButItsArguments(string path)
    {
        var file = SourceTree.Production.Single(f => f.Path == path);
        var touched = file.Syntax.DescendantNodes().OfType<SimpleNameSyntax>()
            .Select(name => name.Identifier.ValueText).Where(Forbidden.Contains).Distinct();
        Assert.Empty(touched);
    }

    private static bool IsOfAnArea(SourceFile file) =>
        file.Project == "src/Grains" && file.Area is not ("Storage" or "Resilience" or "");

    /// <summary>What chains, proofs and exports are made of, which the offline verifier uses, too.</summary>
    private static bool IsFormat(SourceFile file) => file.Project == "src/Grains.Abstractions"
        && file.Area == "Auditing" && file.Name is not "IAuditChainGrain";

    [GeneratedRegex(
        @"(Grain(\.\w+)?|Options|Metrics|ServiceCollectionExtensions|Store(\.\w+)?|Archive|Clock|Reader|Keeper)$"
        + @"|(Health|Heartbeat)$|^(RateLimit|Kek)Check$"
        + @"|^TrackedSubjects$|^SubjectDeparture$|^Change(Announcer|Connection|Feed|Listener)$"
        + @"|^(RingSigners|TenantSigner|RemoteSignatures|RevocationWait|RevokedByConfiguration)$"
        + @"|^(KeyForge|KeyEncryptionKey|SweepStart)$|^I?Archive(Connection|Database|Schema|Session)$|^SqliteThreads$"
        + @"|^Chain(Sealer|Tidier|Repairer)$|^KeyChangeRecorder$"
        + @"|^WaitingRoom$")]
    private static partial Regex Shell();
}

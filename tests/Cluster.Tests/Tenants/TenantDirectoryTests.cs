using Gatehouse.Cluster.Tests.Fixtures;
using Gatehouse.Grains.Abstractions.Tenants;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.Cluster.Tests.Tenants;

/// <summary>What a process knows of a tenant, and when it asks again.</summary>
public class TenantDirectoryTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTenantGrains _grains;
    private readonly TenantDirectory _directory;

    public TenantDirectoryTests()
    {
        (var factory, _grains) = FakeTenantGrains.Create();
        _directory = new TenantDirectory(factory, _time);
    }

    [Fact]
    public async Task Announced_TheNextLookUpAsksAtOnce()
    {
        await KnowAsync("1");

        _directory.TenantChanged("t", "2");

        Assert.False(_directory.TryGet("t", out _));
        Assert.Equal("2", await AnswerAsync(_directory.GetAsync("t"), "2"));
        Assert.True(_directory.TryGet("t", out _));
        Assert.Equal(2, _grains.Calls);
    }

    [Fact]
    public async Task Announced_TheVersionThatIsKnown_AsksNothing()
    {
        await KnowAsync("1");
        _directory.Publish(Snapshot("2"));

        _directory.TenantChanged("t", "2");

        Assert.True(_directory.TryGet("t", out var snapshot));
        Assert.Equal("2", snapshot.Version);
    }

    [Fact]
    public async Task Announced_WhileARefreshIsUnderWay_IsNotAnsweredByIt()
    {
        await KnowAsync("1");
        _directory.TenantChanged("t", "2");
        var first = _directory.GetAsync("t").AsTask();
        var before = await _grains.NextAsync();
        _directory.TenantChanged("t", "3");
        var second = _directory.GetAsync("t").AsTask();

        before.SetResult(Snapshot("2"));
        Assert.Equal("2", (await first).Version);
        Assert.False(_directory.TryGet("t", out _));
        (await _grains.NextAsync()).SetResult(Snapshot("3"));

        Assert.Equal("3", (await second).Version);
        Assert.True(_directory.TryGet("t", out var snapshot));
        Assert.Equal("3", snapshot.Version);
    }

    [Fact]
    public async Task Published_AnOlderDocumentThanTheAnnouncedOne_IsAskedAgain()
    {
        await KnowAsync("1");
        _directory.TenantChanged("t", "3");
        await AnswerAsync(_directory.GetAsync("t"), "3");

        _directory.Publish(Snapshot("2"));

        Assert.False(_directory.TryGet("t", out _));
        Assert.Equal("3", await AnswerAsync(_directory.GetAsync("t"), "3"));
    }

    [Fact]
    public async Task Missed_EveryTenantIsAskedOnce()
    {
        await KnowAsync("1");

        _directory.ChangesMissed();

        Assert.Equal("1", await AnswerAsync(_directory.GetAsync("t"), null));
        Assert.True(_directory.TryGet("t", out _));
    }

    [Fact]
    public async Task Announced_AndTheGrainCannotBeReached_TheOldDocumentServesUntilItIsStale()
    {
        await KnowAsync("1");
        _directory.TenantChanged("t", "2");

        var asked = _directory.GetAsync("t");
        (await _grains.NextAsync()).SetException(new TimeoutException());
        Assert.Equal("1", (await asked).Version);
        Assert.True(_directory.TryGet("t", out _));

        _time.Advance(TenantDirectory.StaleMax);
        Assert.False(_directory.TryGet("t", out _));
        var again = _directory.ReadAsync("t").AsTask();
        (await _grains.NextAsync()).SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => again);
    }

    [Fact]
    public async Task KnownFor_CountsFromWhenTheDocumentBecameThisOne()
    {
        await KnowAsync("1");
        _time.Advance(Moment);
        Assert.Equal(Moment, KnownFor());

        _directory.TenantChanged("t", "2");
        await AnswerAsync(_directory.GetAsync("t"), null);
        Assert.Equal(Moment, KnownFor());

        _directory.Publish(Snapshot("2"));
        Assert.Equal(TimeSpan.Zero, KnownFor());
    }

    private TimeSpan KnownFor()
    {
        Assert.True(_directory.TryGet("t", out _, out var knownFor));
        return knownFor;
    }

    private async Task KnowAsync(string version) => await AnswerAsync(_directory.GetAsync("t"), version);

    /// <summary>Answers the one call under way; without a version: that the known one is the current one.</summary>
    private async Task<string> AnswerAsync(ValueTask<TenantSnapshot> asked, string? version)
    {
        (await _grains.NextAsync()).SetResult(version is null ? null : Snapshot(version));
        return (await asked).Version;
    }

    private static TenantSnapshot Snapshot(string version) => new()
    {
        Tenant = "t",
        Version = version,
        Status = TenantStatus.Active,
        Source = DeclarationSource.Api,
        ETag = "\"1\"",
        Policies = new Dictionary<string, PolicyEntry>(),
        ApiKeys = new Dictionary<string, ApiKeyRecord>(),
    };
}

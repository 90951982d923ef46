using Gatehouse.Chaos.Tests.Processes;
using Gatehouse.Grains.Abstractions.Auditing;
using Gatehouse.Grains.Auditing;
using Gatehouse.Grains.Auditing.Archive;

namespace Gatehouse.Chaos.Tests.Auditing;

/// <summary>Entries are found by each field and by all together, page by page, and only those.</summary>
public class ArchiveSearchTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string Tenant = "acme";
    private const int Count = 240;

    private static readonly DateTimeOffset Now = TestArchive.Now;

    public static TheoryData<string, string> Filters
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var kind in new[] { "sqlite", "postgres" })
            {
                foreach (var name in ByName.Keys)
                {
                    data.Add(kind, name);
                }
            }

            return data;
        }
    }

    private static Dictionary<string, (AuditFilter Filter, Func<int, bool> Fits)> ByName { get; } = new()
    {
        ["nothing"] = (new(), _ => true),
        ["actor type"] = (new() { ActorType = "service" }, i => i % 2 == 1),
        ["actor id"] = (new() { ActorId = "a3" }, i => i % 5 == 3),
        ["action"] = (new() { Action = "act-2" }, i => i % 4 == 2),
        ["resource type"] = (new() { ResourceType = "order" }, i => i % 3 != 0),
        ["resource id"] = (new() { ResourceId = "r5" }, i => i % 3 != 0 && i % 7 == 5),
        ["outcome"] = (new() { Outcome = AuditOutcome.Denied }, i => i % 3 == 2),
        ["since"] = (new() { Since = Now.AddSeconds(3) }, i => i >= 30),
        ["just since"] = (new() { Since = Now.AddSeconds(3).AddTicks(1) }, i => i >= 40),
        ["until"] = (new() { Until = Now.AddSeconds(3) }, i => i < 30),
        ["just until"] = (new() { Until = Now.AddSeconds(3).AddTicks(1) }, i => i < 40),
        ["period"] = (new() { Since = Now.AddSeconds(2), Until = Now.AddSeconds(20) }, i => i is >= 20 and < 200),
        ["no period"] = (new() { Since = Now.AddSeconds(3), Until = Now.AddSeconds(3) }, _ => false),
        ["later"] = (new() { Since = Now.AddDays(1) }, _ => false),
        ["other case"] = (new() { ActorType = "Service" }, _ => false),
        ["no text of an entry"] = (new() { ActorId = "a3\0" }, _ => false),
        ["an expression"] = (new() { ActorId = "a3' OR '1'='1" }, _ => false),
        ["all"] = (
            new()
            {
                ActorType = "service", ActorId = "a3", Action = "act-1", ResourceType = "order", ResourceId = "r5",
                Outcome = AuditOutcome.Failure, Since = Now, Until = Now.AddSeconds(24),
            },
            i => i % 2 == 1 && i % 5 == 3 && i % 4 == 1 && i % 3 == 1 && i % 7 == 5),
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Search_FindsWhatFitsPageByPage(string kind, string name)
    {
        var (filter, fits) = ByName[name];
        await using var test = await TestArchive.CreateAsync(kind, postgres);
        var archive = test.Open();
        await AppendAsync(archive);

        var (found, from) = (new List<int>(), 0L);
        while (true)
        {
            var page = await archive.SearchAsync(Tenant, filter, from, 7);
            Assert.True(page.Count <= 7);
            if (page.Count == 0)
            {
                break;
            }

            found.AddRange(page.Select(entry => (int)AuditEntry.Read(entry).Entry.Seq));
            from = found[^1] + 1;
        }

        Assert.Equal(Enumerable.Range(0, Count).Where(fits), found);
    }

    [Fact]
    public async Task Search_ByAnyOneField_WalksItsIndex()
    {
        await using var test = await TestArchive.CreateAsync("sqlite", postgres);
        await AppendAsync(test.Open());
        using var database = new SqliteArchive("Data Source=unused", TimeSpan.FromSeconds(1));
        await using var connection = await test.ConnectAsync();
        foreach (var (index, filter) in new (string, AuditFilter)[]
        {
            ("PRIMARY KEY (chain_id=?", new()),
            ("INDEX entries_actor_type (chain_id=? AND actor_type=?", new() { ActorType = "a", Outcome = AuditOutcome.Success }),
            ("INDEX entries_actor_id (chain_id=? AND actor_id=?", new() { ActorId = "a", Action = "b" }),
            ("INDEX entries_action (chain_id=? AND action=?", new() { Action = "a", ActorType = "b" }),
            ("INDEX entries_resource_type (chain_id=? AND resource_type=?", new() { ResourceType = "a" }),
            ("INDEX entries_resource_id (chain_id=? AND resource_id=?", new() { ResourceId = "a", ActorId = "b" }),
            ("INDEX entries_outcome (chain_id=? AND outcome=?", new() { Outcome = AuditOutcome.Denied }),
        })
        {
            var (sql, values) = ArchiveSearch.Find(
                "local", Tenant, filter with { Since = Now }, 0, long.MaxValue, 10, database.Walk);
            var plan = await new ArchiveSession(connection, null, CancellationToken.None)
                .AllAsync<PlanRow>($"EXPLAIN QUERY PLAN {sql}", values);

            Assert.Contains($"{index} AND seq>? AND seq<?)", plan[0].Detail, StringComparison.Ordinal);
            Assert.DoesNotContain(plan, row => row.Detail.Contains("TEMP B-TREE", StringComparison.Ordinal));
        }
    }

    private sealed class PlanRow
    {
        public string Detail { get; init; } = "";
    }

    /// <summary>In steps of ten entries, a second apart.</summary>
    private static async Task AppendAsync(SqlAuditArchive archive)
    {
        var end = ChainEnd.Empty;
        for (var i = 0; i < Count; i += 10)
        {
            var (next, entries) = TestArchive.Compose(
                Tenant, end, Now.AddSeconds(i / 10), [.. Enumerable.Range(i, 10).Select(Event)]);
            Assert.True(await archive.AppendAsync(Tenant, end, next, entries, []));
            end = next;
        }
    }

    private static AuditEvent Event(int i) => new()
    {
        Id = $"e{i}",
        Actor = new AuditParty(i % 2 == 1 ? "service" : "user", $"a{i % 5}"),
        Action = $"act-{i % 4}",
        Resource = i % 3 == 0 ? null : new AuditParty("order", $"r{i % 7}"),
        Outcome = (AuditOutcome)(1 + (i % 3)),
    };
}

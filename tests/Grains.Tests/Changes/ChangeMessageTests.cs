using System.Text;
using Gatehouse.Grains.Changes;

namespace Gatehouse.Grains.Tests.Changes;

/// <summary>What is sent on the change channel: the form that other versions read, and the bound on its size.</summary>
public class ChangeMessageTests
{
    [Fact]
    public void Heartbeat_IsShort() =>
        Assert.Equal("""{"from":"me","n":3,"at":7}""", Text(new ChangeBatch().Message("me", 3, 7)));

    [Fact]
    public void Changes_AreWrittenAndReadAsTheyAre()
    {
        var batch = new ChangeBatch();
        batch.AddSubject("t/p/s/\"x\"\n😀");
        batch.AddSubject("t/p/s/\"x\"\n😀");
        batch.AddTenant("t", "1.");
        batch.AddTenant("t", "2.");
        var message = batch.Message("me", 3, 7) with { IsEcho = true, IsLast = true };

        Assert.True(ChangeMessage.TryRead(message.Write(), out var read));

        Assert.Equal(
            ("me", 3, 7, true, true, false, true),
            (read.Sender, read.Sequence, read.SentAt, read.IsEcho, read.IsLast, read.Everything, read.HasChanges));
        Assert.Equal(["t/p/s/\"x\"\n😀"], read.Subjects!);
        Assert.Equal([KeyValuePair.Create("t", "2.")], read.Tenants!);
    }

    [Theory]
    [InlineData("""{"from":"me","n":1,"at":2,"subjects":["t/p/s/x"],"tenants":{"t":"5."}}""", true)]
    [InlineData("""{"from":"me","later":{"versions":["may","say","more"]}}""", false)]
    [InlineData("""{"from":"me","all":true}""", true)]
    public void Message_OfAnotherVersion_IsRead(string text, bool hasChanges)
    {
        Assert.True(ChangeMessage.TryRead(Encoding.UTF8.GetBytes(text), out var message));
        Assert.Equal(hasChanges, message.HasChanges);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"from":null}""")]
    [InlineData("""{"from":"me","n":"three"}""")]
    [InlineData("hello")]
    public void Message_ThatIsNone_IsNotRead(string text) =>
        Assert.False(ChangeMessage.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Batch_OfMoreThanAMessageHolds_SaysThatEverythingChanged()
    {
        var batch = new ChangeBatch();
        for (var i = 0; i <= ChangeBatch.Max; i++)
        {
            batch.AddSubject($"t/p/s/{i}");
        }

        batch.AddTenant("t", "1.");

        Assert.False(batch.IsEmpty);
        Assert.Equal("""{"from":"me","n":1,"at":2,"all":true}""", Text(batch.Message("me", 1, 2)));
    }

    [Fact]
    public void Batch_ThatWasNotSent_GoesOutWithTheNext_WhoseTenantsAreNewer()
    {
        var (older, batch) = (new ChangeBatch(), new ChangeBatch());
        older.AddSubject("t/p/s/x");
        older.AddTenant("t", "1.");
        older.AddTenant("u", "1.");
        batch.AddTenant("t", "2.");

        batch.AddOlder(older);

        var message = batch.Message("me", 1, 2);
        Assert.Equal(["t/p/s/x"], message.Subjects!);
        Assert.Equal(["t 2.", "u 1."], message.Tenants!.Select(tenant => $"{tenant.Key} {tenant.Value}").Order());
    }

    private static string Text(ChangeMessage message) => Encoding.UTF8.GetString(message.Write());
}

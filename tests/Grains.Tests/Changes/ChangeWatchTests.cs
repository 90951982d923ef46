using Gatehouse.Grains.Changes;

namespace Gatehouse.Grains.Tests.Changes;

/// <summary>When a listener may believe that it knows every change.</summary>
public class ChangeWatchTests
{
    private const long CurrentFor = 800;
    private const long GoneAfter = 30_000;

    private readonly ChangeWatch _watch = new("me", CurrentFor, GoneAfter);

    [Fact]
    public void NothingHeard_IsNotCurrent() => Assert.Equal(0, _watch.CurrentUntil);

    [Fact]
    public void OwnMessage_IsCurrentFromWhenItWasSent()
    {
        Hear("me", sentAt: 1000);

        Assert.Equal(1000 + CurrentFor, _watch.CurrentUntil);
    }

    [Fact]
    public void OthersOnly_AreNotCurrent_TheirAgeIsNotKnown()
    {
        Hear("other", sentAt: 999_999);

        Assert.Equal(0, _watch.CurrentUntil);
    }

    [Fact]
    public void OtherMessage_IsAsOldAsTheOwnOneBeforeIt()
    {
        Hear("me", sentAt: 1000);
        Hear("other");
        Hear("me", sentAt: 1500);

        Assert.Equal(1000 + CurrentFor, _watch.CurrentUntil);
        Hear("other");
        Assert.Equal(1500 + CurrentFor, _watch.CurrentUntil);
    }

    [Fact]
    public void Echo_OfAnotherListener_IsNothing()
    {
        Hear("me", sentAt: 1000);
        Assert.False(_watch.Hear(new ChangeMessage { Sender = "client", IsEcho = true, Sequence = 7 }));
        Hear("me", sentAt: 1500);

        Assert.Equal(1500 + CurrentFor, _watch.CurrentUntil);
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(1, true, false)]
    [InlineData(1, false, true)]
    [InlineData(2, true, true)]
    public void FirstMessage_ThatIsNotTheSendersFirst_MissedSome(long sequence, bool hasChanges, bool missed) =>
        Assert.Equal(missed, Hear("other", sequence, hasChanges));

    [Theory]
    [InlineData(5, false, false)]
    [InlineData(6, true, false)]
    [InlineData(5, true, false)]
    [InlineData(6, false, true)]
    [InlineData(7, true, true)]
    public void NextMessage_ShowsWhatWasMissed(long sequence, bool hasChanges, bool missed)
    {
        Hear("other", 5, hasChanges: true);

        Assert.Equal(missed, Hear("other", sequence, hasChanges));
        Assert.False(Hear("other", sequence));
    }

    [Fact]
    public void Disconnected_IsCurrentOnlyWhenEverySenderWasHeardAgain()
    {
        Hear("me", sentAt: 1000);
        Hear("other");
        _watch.Disconnect();
        Assert.Equal(0, _watch.CurrentUntil);

        Hear("me", sentAt: 1200);
        Assert.Equal(0, _watch.CurrentUntil);
        Hear("other");
        Assert.Equal(1200 + CurrentFor, _watch.CurrentUntil);
    }

    [Fact]
    public void Goodbye_IsNotWaitedFor()
    {
        Hear("me", sentAt: 1000);
        Hear("other");
        Assert.False(_watch.Hear(new ChangeMessage { Sender = "other", IsLast = true }));
        Hear("me", sentAt: 5000);

        Assert.Equal(5000 + CurrentFor, _watch.CurrentUntil);
    }

    [Fact]
    public void Silence_OfAnother_IsWaitedForUntilItIsGone_AndThenMayHaveMissedSome()
    {
        Hear("me", sentAt: 0);
        Hear("other");
        var now = 0L;
        while (now + 400 < GoneAfter)
        {
            now += 400;
            Assert.False(Hear("me", sentAt: now));
            Assert.Equal(CurrentFor, _watch.CurrentUntil);
        }

        Assert.True(Hear("me", sentAt: GoneAfter));
        Assert.Equal(GoneAfter + CurrentFor, _watch.CurrentUntil);
    }

    [Fact]
    public void Silence_WhileTheListenerIsDeafItself_DoesNotCount_ButSomeMayBeMissed()
    {
        Hear("me", sentAt: 0);
        Hear("other");

        Assert.True(Hear("me", sentAt: 10 * GoneAfter));

        Assert.Equal(CurrentFor, _watch.CurrentUntil);
    }

    private bool Hear(string sender, long sequence = 0, bool hasChanges = false, long sentAt = 0) => _watch.Hear(
        new ChangeMessage { Sender = sender, Sequence = sequence, SentAt = sentAt, Subjects = hasChanges ? ["s"] : null });
}

namespace Gatehouse.Grains.Changes;

/// <summary>
/// How current one listener's knowledge of changes is, and whether it missed one. It trusts no clock but its own, no
/// connection event, and no speed of the way:
/// <list type="bullet">
/// <item>The store passes all messages on in one order. What comes after an own message was taken by the store after
/// that one was sent, so its age is bounded by the listener's own clock, however long the way back took.</item>
/// <item>Every message says how many messages with changes its sender has sent: the next one heard shows what was
/// missed.</item>
/// <item>A sender that falls silent may have changes that do not get through. Until it is heard again, says goodbye or
/// is long gone, nothing is current.</item>
/// </list>
/// </summary>
/// <param name="self">The name that the listener's own messages carry.</param>
/// <param name="currentFor">How long what was heard stays current, in the unit of the listener's own clock.</param>
/// <param name="goneAfter">After which silence a sender is gone, in the same unit.</param>
internal sealed class ChangeWatch(string self, long currentFor, long goneAfter)
{
    private const long Never = long.MinValue;

    private readonly Dictionary<string, Sender> _senders = new(StringComparer.Ordinal);
    private long _ownSentAt = Never;
    private long _listened;

    private sealed record Sender(long Sequence, long KnownAsOf, long HeardAt);

    /// <summary>Until when what was heard is current, by the listener's own clock; 0 when it is not.</summary>
    public long CurrentUntil { get; private set; }

    /// <summary>
    /// Takes in a message, in the order the store sent them. Answers whether one with changes was missed before it.
    /// </summary>
    public bool Hear(ChangeMessage message)
    {
        var wasDeaf = false;
        if (message.Sender == self)
        {
            // Two own heartbeats were not heard: somebody may have come, spoken and gone meanwhile.
            wasDeaf = _ownSentAt != Never && message.SentAt - _ownSentAt > currentFor / 2;
            Listen(message.SentAt);
        }
        else if (message.IsEcho)
        {
            return false;
        }

        // A sender that is heard for the first time has to begin with its first message, too.
        var heardBefore = _senders.GetValueOrDefault(message.Sender)?.Sequence ?? 0;
        _senders[message.Sender] = new Sender(Math.Max(heardBefore, message.Sequence), _ownSentAt, _listened);
        if (message.IsLast)
        {
            _senders.Remove(message.Sender);
        }

        // Of a sender that is gone, nobody will ever know whether all was heard.
        var isGone = Evaluate();
        return isGone || wasDeaf || message.Sequence > heardBefore + (message.HasChanges ? 1 : 0);
    }

    /// <summary>Nothing is current until every sender is heard again. What was missed meanwhile will show.</summary>
    public void Disconnect()
    {
        foreach (var (name, sender) in _senders)
        {
            _senders[name] = sender with { KnownAsOf = Never };
        }

        CurrentUntil = 0;
    }

    /// <summary>
    /// The silence of others counts only while this listener hears itself: else it may be the deaf one.
    /// </summary>
    private void Listen(long sentAt)
    {
        _listened += _ownSentAt == Never ? 0 : Math.Clamp(sentAt - _ownSentAt, 0, currentFor);
        _ownSentAt = Math.Max(_ownSentAt, sentAt);
    }

    /// <summary>Answers whether a sender is gone.</summary>
    private bool Evaluate()
    {
        var isGone = false;
        var asOf = _senders.ContainsKey(self) ? long.MaxValue : Never;
        foreach (var (name, sender) in _senders)
        {
            if (_listened - sender.HeardAt >= goneAfter)
            {
                isGone |= _senders.Remove(name);
                continue;
            }

            asOf = Math.Min(asOf, sender.KnownAsOf);
        }

        CurrentUntil = asOf == Never ? 0 : asOf + currentFor;
        return isGone;
    }
}

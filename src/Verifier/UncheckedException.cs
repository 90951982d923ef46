namespace Gatehouse.Verifier;

/// <summary>
/// Nothing can be said: an option, a file or a line is not what it has to be. That is not a fault of the chain, and
/// not a word for it either.
/// </summary>
/// <param name="where">The option or the line.</param>
/// <param name="why">What is wrong with it.</param>
internal sealed class UncheckedException(string where, string why) : Exception($"{where}: {why}");

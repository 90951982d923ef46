using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.EmbeddedStore;

/// <summary>
/// Puts the store's own log under one category, warnings and above: its categories are bare class names that say
/// nothing beside this product's.
/// </summary>
internal sealed class StoreLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    // The parser of arguments warns that it was given a logger, at every start; a bad argument is an exception anyway.
    public ILogger CreateLogger(string categoryName) => categoryName == "ArgParser"
        ? NullLogger.Instance
        : new WarningLogger(inner.CreateLogger($"Gatehouse.EmbeddedStore.{categoryName}"));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The factory belongs to the host.
    }

    private sealed class WarningLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}

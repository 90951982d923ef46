using System.Runtime.CompilerServices;

namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>
/// These tests have a dozen whole systems in one process, each with a store of its own that blocks threads while the
/// disk writes. With as many threads as processors they would find each other overloaded, which each of them says.
/// </summary>
internal static class Threads
{
    [ModuleInitializer]
    internal static void Provide() => ThreadPool.SetMinThreads(64, 64);
}

using Gatehouse.Chaos.Tests;
using Gatehouse.Chaos.Tests.Scenarios;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// As xunit's own entry point, but for the first case: the test platform says that it is there, anybody else runs tests.
return args switch
{
    ["soak", var duration] => await Soak.RunAsync(duration),
    _ when args.Any(arg => arg is "--server" or "--internal-msbuild-node") =>
        await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    _ => await ConsoleRunner.Run(args),
};

using Gatehouse.Silo;

if (args is [ProbeCommand.Name, ..])
{
    return await ProbeCommand.RunAsync(args, Console.Out, Console.Error);
}

try
{
    await using var app = SiloHost.Build(args);
    await app.RunAsync();
    return 0;
}
catch (Exception failure) when (StartFailure.Explain(failure) is not null)
{
    Console.Error.WriteLine($"Gatehouse silo did not start: {StartFailure.Explain(failure)}");
    return 1;
}

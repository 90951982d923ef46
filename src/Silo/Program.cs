using Gatehouse.Silo;

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

using Gatehouse.ApiHost.Hosting;

if (args is [NewKeyCommand.Name, ..])
{
    return NewKeyCommand.Run(args, Console.Out, Console.Error);
}

await using var app = GatehouseHost.Build(args);
await app.RunAsync();
return 0;

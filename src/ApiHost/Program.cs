using System.ComponentModel.DataAnnotations;
using Gatehouse.ApiHost.Hosting;
using Gatehouse.Silo;
using Microsoft.Extensions.Options;

if (args is [NewKeyCommand.Name, ..])
{
    return NewKeyCommand.Run(args, Console.Out, Console.Error);
}

if (args is [ProbeCommand.Name, ..])
{
    return await ProbeCommand.RunAsync(args, Console.Out, Console.Error);
}

try
{
    await using var app = GatehouseHost.Build(args);
    Listeners.RefuseTaken(app.Configuration);
    await app.RunAsync();
    return 0;
}
catch (Exception broken) when (broken is ValidationException or OptionsValidationException)
{
    // A setting is wrong: its name and rule are all that helps; the stack is not.
    Console.Error.WriteLine($"Gatehouse did not start: {broken.Message}");
    return 1;
}

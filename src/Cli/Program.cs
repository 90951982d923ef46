namespace Gatehouse.Cli;

/// <summary>The process around <see cref="GatehouseCommand"/>.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => GatehouseCommand.RunAsync(args, Terminal.OfProcess());
}

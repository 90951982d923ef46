using Gatehouse.ApiHost.Hosting;

await using var app = GatehouseHost.Build(args);
await app.RunAsync();

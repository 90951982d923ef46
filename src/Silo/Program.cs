using System.ComponentModel.DataAnnotations;
using Gatehouse.Silo;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
var options = builder.Configuration.GetSection("Gatehouse").Get<GatehouseOptions>() ?? new GatehouseOptions();
if (options.Topology is Topology.Embedded)
{
    // A silo on its own always has its store outside; there is nothing to choose.
    options.Topology = Topology.CoHosted;
}

Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
builder.Services.AddSingleton(new StoreAddress(options.Redis.ConnectionString!, NeedsCommit: false));
builder.AddGatehouseSilo(options);
builder.AddGatehouseTelemetry();
await builder.Build().RunAsync();

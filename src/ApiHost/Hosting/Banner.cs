using Gatehouse.ApiHost.Http;
using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>Says where the host listens and how to make the first request.</summary>
internal static class Banner
{
    public static void PrintWhenStarted(
        WebApplication app, GatehouseOptions options, GeneratedAdminKey? adminKey, AdminPort? admin) =>
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var urls = app.Urls.ToLookup(admin.Is);
            Console.WriteLine(Text(urls[false].First(), options, adminKey, urls[true].FirstOrDefault()));
        });

    internal static string Text(
        string url, GatehouseOptions options, GeneratedAdminKey? adminKey, string? operators)
    {
        var page = options.HasDashboard ? ", /dashboard" : "";
        var listener = operators is null
            ? ""
            : $"\n  operators    {operators}: /metrics, /health/dependencies{page}";
        var store = options.HasEmbeddedStore
            ? $"embedded, data in {Path.GetFullPath(options.DataDirectory)}"
            : "Redis";
        var admin = adminKey is null ? "" : $"""

              admin key    {adminKey.NewKey ?? "as printed at the first start"} (kept in {adminKey.Path})

              First request:
                curl -X PUT {url}/v1/tenants/acme -H "Authorization: Bearer $(cat {adminKey.Path})" \
                  -H 'Content-Type: application/json' -d '{"{}"}'
            """;
        return $"""

              Gatehouse is ready.
              listens on   {url}{listener}
              topology     {options.Topology}, region {options.Region}, store {store}
              reference    {url}/scalar, OpenAPI document {url}/openapi/v1.json{admin}

            """;
    }
}

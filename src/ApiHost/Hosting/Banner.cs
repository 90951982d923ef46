using Gatehouse.Silo;

namespace Gatehouse.ApiHost.Hosting;

/// <summary>Says where the host listens and how to make the first request.</summary>
internal static class Banner
{
    public static void PrintWhenStarted(WebApplication app, GatehouseOptions options, GeneratedAdminKey? adminKey) =>
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(Text(app.Urls.First(), options, adminKey)));

    internal static string Text(string url, GatehouseOptions options, GeneratedAdminKey? adminKey)
    {
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
              listens on   {url}
              topology     {options.Topology}, region {options.Region}, store {store}
              reference    {url}/scalar, OpenAPI document {url}/openapi/v1.json{admin}

            """;
    }
}

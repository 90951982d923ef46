using System.Text.Json;
using Gatehouse.ApiHost.Tests.Fixtures;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>The OpenAPI document and its page describe every route, with examples.</summary>
public class ReferenceTests(SharedHost shared)
{
    private static readonly string[] PublicOperations = ["GetKeySet", "GetCheckpoint", "GetTile"];

    [Fact]
    public async Task Document_EveryRoute_HasWordsExamplesAndProblems()
    {
        var document = await shared.Host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null);
        var operations = document.Json.GetProperty("paths").EnumerateObject()
            .Where(path => path.Name.StartsWith("/v1/", StringComparison.Ordinal))
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => operation.Value)).ToList();

        Assert.Equal(46, operations.Count);
        Assert.All(operations, operation =>
        {
            var needs = !PublicOperations.Contains(operation.GetProperty("operationId").GetString());
            Assert.NotEqual("", operation.GetProperty("summary").GetString());
            Assert.Equal(needs, operation.GetProperty("description").GetString()!.Contains("Needs", StringComparison.Ordinal));
            Assert.Equal(needs, operation.TryGetProperty("security", out _));
            Assert.Equal(needs, operation.GetProperty("responses").TryGetProperty("401", out _));
            AssertExamples(operation);
        });
    }

    [Fact]
    public async Task Document_OfForwardAuth_NamesTheProxysKeyAndTheCost()
    {
        var document = await shared.Host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null);
        var paths = document.Json.GetProperty("paths");
        foreach (var (family, admitted, refused) in new[]
        {
            ("forward", "200", "429"), ("nginx", "204", "403"), ("envoy", "200", "429"),
        })
        {
            var operation = paths.GetProperty($"/authz/{family}/{{tenant}}/{{policy}}").GetProperty("get");

            Assert.NotEqual("", operation.GetProperty("summary").GetString());
            Assert.Contains("ratelimit:check", operation.GetProperty("description").GetString(), StringComparison.Ordinal);
            Assert.True(operation.GetProperty("security")[0].TryGetProperty("proxyKey", out _));
            Assert.True(operation.GetProperty("responses").TryGetProperty(admitted, out _));
            Assert.True(operation.GetProperty("responses").TryGetProperty(refused, out _));
            Assert.Equal(family == "envoy" ? 2 : 3, operation.GetProperty("parameters").GetArrayLength());
        }

        var scheme = document.Json.GetProperty("components").GetProperty("securitySchemes").GetProperty("proxyKey");
        Assert.Equal("X-Gatehouse-Key", scheme.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Document_Parameters_AreSpelledAsProblemsNameThem()
    {
        var document = await shared.Host.SendAsync(HttpMethod.Get, "/openapi/v1.json", null);
        var names = from path in document.Json.GetProperty("paths").EnumerateObject()
                    from operation in path.Value.EnumerateObject()
                    where operation.Value.TryGetProperty("parameters", out _)
                    from parameter in operation.Value.GetProperty("parameters").EnumerateArray()
                    where parameter.GetProperty("in").GetString() == "query"
                    select parameter.GetProperty("name").GetString()!;

        Assert.Contains("until", names);
        Assert.DoesNotContain(names, name => char.IsUpper(name[0]));
    }

    [Fact]
    public async Task Page_IsServed()
    {
        var page = await shared.Host.SendAsync(HttpMethod.Get, "/scalar", null);

        Assert.Equal(200, page.Status);
        Assert.Contains("<html", page.Text, StringComparison.Ordinal);
    }

    private static void AssertExamples(JsonElement operation)
    {
        // The body that creates a tenant is an empty object, which the document's writer leaves out.
        if (operation.TryGetProperty("requestBody", out var body)
            && operation.GetProperty("operationId").GetString() is not ("PutTenant" or "DestroyKey"))
        {
            Assert.True(HasExample(body));
        }

        var success = operation.GetProperty("responses").EnumerateObject().First(answer => answer.Name[0] == '2');
        Assert.True(
            success.Name == "204" || !IsJson(success.Value) || HasExample(success.Value), operation.GetRawText());
        // What is no JSON has no fields to read from: then the words have to do.
        Assert.True(
            success.Name == "204" || IsJson(success.Value)
            || operation.GetProperty("description").GetString()!.Length > 80,
            operation.GetRawText());
    }

    private static bool IsJson(JsonElement holder) =>
        holder.GetProperty("content").TryGetProperty("application/json", out _);

    private static bool HasExample(JsonElement holder) =>
        holder.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _);
}

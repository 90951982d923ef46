using System.Reflection;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>The oracle of the guide as it stands in the repository.</summary>
internal static class Oracles
{
    public static async Task<AnswerOracle> OfGuideAsync(IReadOnlyList<ApiOperation> operations)
    {
        var root = typeof(Oracles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(entry => entry.Key == "RepositoryRoot").Value!;
        return new AnswerOracle(operations, await File.ReadAllTextAsync(Path.Combine(root, "docs/http-api.md")));
    }
}

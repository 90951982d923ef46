using System.Text;
using Gatehouse.AspNetCore.Http;
using Gatehouse.Fuzzing;

namespace Gatehouse.AspNetCore.Tests.Http;

/// <summary>Error answers of whatever stands between a service and its Gatehouse: a problem, or none.</summary>
public class ProblemFuzzTests
{
    private static readonly FuzzTarget Target = new(
        "problem",
        [Encoding.UTF8.GetBytes("""
            {"type":"t","title":"Too Many Requests","status":429,"code":"service_overloaded","detail":"d","reason":"timeout",
            "applied":"no","retryAfterMs":5000,"errors":[{"field":"limit","rule":"is required"}],"requestId":"r"}
            """)],
        static bytes => Assert.NotNull(ProblemDocument.Read(bytes)?.Code ?? ""),
        static _ => false);

    [Fact]
    public void AnyAnswer_IsAProblemOrNone() => FuzzRun.Read(Target);
}

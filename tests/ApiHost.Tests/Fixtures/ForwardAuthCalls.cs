namespace Gatehouse.ApiHost.Tests.Fixtures;

/// <summary>What a proxy sends.</summary>
internal static class ForwardAuthCalls
{
    /// <summary>One client's address, from the block for documents (RFC 5737).</summary>
    public const string Alice = "203.0.113.7";

    public static Task<Answer> AskAsync(
        this TestHost host, string family, string tenant, string? key, string? forwarded, string query = "",
        string policy = "p", string method = "GET", params (string, string)[] headers)
    {
        List<(string, string)> all = [.. headers];
        if (key is not null)
        {
            all.Add(("X-Gatehouse-Key", key));
        }

        if (forwarded is not null)
        {
            all.Add(("X-Forwarded-For", forwarded));
        }

        var suffix = family == "envoy" ? "/the/clients/path" : "";
        var path = $"/authz/{family}/{tenant}/{policy}{suffix}{(query.Length > 0 ? "?" : "")}{query}";
        return host.SendAsync(new HttpMethod(method), path, null, null, [.. all]);
    }

    /// <summary>A tenant whose policy "p" admits as many per minute, and a key that may check and nothing else.</summary>
    public static async Task<(string Tenant, string Key)> NewLimitAsync(this TestHost host, int limit)
    {
        var tenant = await host.NewTenantAsync();
        await host.PutPolicyAsync(
            tenant, $$"""{"limit":{{limit}},"window":"00:01:00","coldStart":{"duration":"00:00:00"} }""");
        return (tenant, await host.NewKeyAsync(tenant, "\"ratelimit:check\""));
    }
}

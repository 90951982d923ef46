using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.ApiHost.Tests.Auditing;
using Gatehouse.ApiHost.Tests.Fixtures;
using Gatehouse.ApiHost.Tests.SigningKeys;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.ApiHost.Tests.Http;

/// <summary>However many tenants and callers there are, there are as many series as before.</summary>
public class BoundedLabelTests
{
    private const int RoundsMax = 8;

    [Fact]
    public async Task Series_DoNotGrowWithTenantsCallersAndKeys()
    {
        await using var host = await TestHost.StartAsync(new() { ["Gatehouse:Http:ClientRequestsPerSecond"] = "0" });
        using var measured = new Measured(host.App.Services.GetRequiredService<IMeterFactory>());
        for (var round = 0; ; round++)
        {
            // What happens for the first time is a new series; a name in a label would be one in every round.
            Assert.True(round < RoundsMax, "There are more series after every round.");
            var (names, before) = (new List<string>(), measured.Own.Count);
            for (var i = 0; i < 3; i++)
            {
                names.AddRange(await UseEverythingAsync(host));
            }

            measured.Observe();
            Assert.All(names, name => Assert.DoesNotContain(
                measured.All, series => series.Contains(name, StringComparison.OrdinalIgnoreCase)));
            Assert.True(measured.Own.Count > 40, $"{measured.Own.Count} series");
            if (measured.Own.Count == before)
            {
                return;
            }
        }
    }

    /// <summary>A tenant that does a bit of everything; answers every name that it brought.</summary>
    private static async Task<IEnumerable<string>> UseEverythingAsync(TestHost host)
    {
        var n = TestHost.NewName();
        var (tenant, address, subject, request) = ($"tenant-{n}", $"2001:db8:{n[1..]}::7", $"subject-{n}", $"request-{n}");
        await host.SendAsync(HttpMethod.Put, $"/v1/tenants/{tenant}", TestHost.AdminKey, "{}");
        var issued = await host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/api-keys", TestHost.AdminKey,
            """{"scopes":["ratelimit","audit","keys","idempotency"]}""");
        var (id, key) = (issued.Json.GetProperty("id").GetString()!, issued.Json.GetProperty("key").GetString()!);
        await host.PutPolicyAsync(tenant, """{"limit":1,"window":"00:01:00"}""", $"policy-{n}");
        foreach (var caller in new[] { $"\"ip\":\"{address}\"", $"\"subject\":\"{subject}\"" })
        {
            await host.CheckAsync(tenant, key, $"{{{caller}}}", $"policy-{n}");
            Assert.Equal(429, (await host.CheckAsync(tenant, key, $"{{{caller}}}", $"policy-{n}")).Status);
        }

        await host.RecordAsync(tenant, $"event-{n}");
        Assert.Equal(200, (await host.KeyAsync(tenant, "rotate", "{}")).Status);
        await host.VerifyAsync(tenant, "data", await host.SignAsync(tenant, "data"));
        var claim = $$"""{"endpoint":"POST /{{n}}-orders","path":"/{{n}}-orders","key":"{{request}}"}""";
        await host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/begin", key, claim);
        await host.SendAsync(HttpMethod.Post, $"/v1/tenants/{tenant}/idempotency/release", key, claim);
        await host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}/nothing-{n}", key);
        await host.SendAsync(HttpMethod.Get, $"/v1/tenants/{tenant}", $"{key}x");
        return [tenant, $"policy-{n}", address, subject, id, key, $"event-{n}", request, $"{n}-orders", $"nothing-{n}"];
    }

    /// <summary>
    /// Every combination of labels under which a host measures, with the framework's and Orleans'. Not a scrape: the SDK
    /// listens to all hosts of a process, and drops what one of them has that stops.
    /// </summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, bool> _series = new(StringComparer.Ordinal);
        private readonly IMeterFactory _meters;

        public Measured(IMeterFactory meters)
        {
            _meters = meters;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters || instrument.Meter.Name == "Microsoft.Orleans")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<int>((instrument, _, labels, _) => Add(instrument, labels));
            _listener.SetMeasurementEventCallback<long>((instrument, _, labels, _) => Add(instrument, labels));
            _listener.SetMeasurementEventCallback<double>((instrument, _, labels, _) => Add(instrument, labels));
            _listener.Start();
        }

        public ICollection<string> All => _series.Keys;

        /// <summary>Those of the product.</summary>
        public IReadOnlyList<string> Own => [.. _series.Where(series => series.Value).Select(series => series.Key)];

        public void Observe() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var isOwn = instrument.Meter.Scope == _meters
                && instrument.Meter.Name.StartsWith("Gatehouse.", StringComparison.Ordinal);
            var texts = labels.ToArray().Select(label => $"{label.Key}={label.Value}").Order(StringComparer.Ordinal);
            _series[$"{instrument.Name} {string.Join(' ', texts)}"] = isOwn;
        }
    }
}

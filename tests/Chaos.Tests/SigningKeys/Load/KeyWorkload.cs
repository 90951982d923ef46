using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Chaos.Tests.Clusters;
using Gatehouse.Chaos.Tests.Histories;
using Gatehouse.Chaos.Tests.Http;
using Gatehouse.Chaos.Tests.Scenarios;
using Gatehouse.Chaos.Tests.SigningKeys.Checkers;

namespace Gatehouse.Chaos.Tests.SigningKeys.Load;

/// <summary>Signers of one tenant, whose key is rotated all the time, and each old one revoked.</summary>
internal sealed class KeyWorkload : IWorkload
{
    private const string Routes = "/v1/tenants/{tenant}/keys";
    private const int Signers = 3;
    private const int SignaturesMin = 30;

    private static readonly TimeSpan SignPause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan ChangePause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<KeyCall> _calls = new();
    private readonly ChaosCluster _region;
    private readonly string _tenant;
    private readonly Task _clients;
    private volatile bool _isOver;
    private volatile TaskCompletionSource _rotating = NewSignal();

    private KeyWorkload(ChaosRun run, string tenant)
    {
        (_region, _tenant) = (run.Regions[0], tenant);
        _clients = Task.WhenAll(Enumerable.Range(0, Signers)
            .Select(signer => SignAsync(run.ClientOf(_region), run.NewRandom(), signer))
            .Append(ChangeAsync(run.ClientOf(_region), run.NewRandom())));
    }

    public string Name => "keys";

    /// <summary>The next moment at which a change of the ring has been sent and is not answered.</summary>
    public Task NextChangeAsync() => (_rotating = NewSignal()).Task;

    public static async Task<KeyWorkload> StartAsync(ChaosRun run, string tenant)
    {
        await run.Regions[0].PutTenantAsync(tenant);
        return new KeyWorkload(run, tenant);
    }

    public Task StopAsync()
    {
        _isOver = true;
        return _clients;
    }

    public async Task<Judgement> JudgeAsync(IReadOnlyList<Fault> faults)
    {
        var history = History<KeyCall>.Of(_calls, faults);
        var ring = await RingAsync();
        var signed = _calls.Where(call => call is { Step: KeyStep.Sign, Outcome: KeyOutcome.Done }).ToList();
        var findings = new List<SignatureFinding>();
        foreach (var call in signed)
        {
            var (isValid, status) = await _region.Hosts[0].VerifyAsync(
                _tenant, new SignedData(call.Data!, call.Version!, call.Signature!));
            findings.Add(new SignatureFinding(call, isValid, status));
        }

        var changes = _calls.Count(call => call.Step is not KeyStep.Sign && call.Outcome is KeyOutcome.Done);
        return new Judgement(Name, [.. new KeyRingChecker(ring, findings).Check(history)])
        {
            Summary = $"{_calls.Count} calls, {signed.Count} signatures, {changes} changes acknowledged, {ring.Count} versions",
            Operations = [.. history.Operations],
            Lacking = signed.Count < SignaturesMin || changes < 3 ? [$"only {signed.Count} signatures, {changes} changes"] : [],
            Around = violation => history.Operations.Where(call =>
                call.Step is not KeyStep.Sign || (call.End >= violation.From && call.Start <= violation.To)),
        };
    }

    private async Task<IReadOnlyList<RingVersion>> RingAsync()
    {
        IReadOnlyList<RingVersion> ring = [];
        await Processes.Eventually.HoldsAsync(
            async () =>
            {
                var (status, body) = await _region.Hosts[0].SendAsync(HttpMethod.Get, $"/v1/tenants/{_tenant}/keys?limit=1000");
                ring = status != 200 ? [] : [.. body.GetProperty("items").EnumerateArray().Select(item =>
                    new RingVersion(Text(item, "version"), Text(item, "status")))];
                return status == 200;
            },
            TimeSpan.FromSeconds(20));
        return ring;
    }

    private async Task SignAsync(RecordingClient http, Random random, int signer)
    {
        for (var i = 0; !_isOver; i++)
        {
            await Task.Delay(SignPause * (0.5 + random.NextDouble()));
            var data = $"s{signer}-{i}";
            var (sent, body) = await http.PostAsync(
                $"{Routes}/sign", [_tenant], $$"""{"data":"{{KeyProcesses.Base64(data)}}"}""");
            Add(KeyStep.Sign, sent, sent.Status == 200 ? Text(body, "version") : null, call => sent.Status != 200 ? call
                : call with { Data = data, Signature = Text(body, "signature") });
        }
    }

    private async Task ChangeAsync(RecordingClient http, Random random)
    {
        while (!_isOver)
        {
            await Task.Delay(ChangePause * (0.5 + random.NextDouble()));
            if (await UntilDoneAsync(http, KeyStep.Rotate, null, "{}") is { } version)
            {
                await UntilDoneAsync(http, KeyStep.Promote, version, """{"force":true}""");
                await UntilDoneAsync(http, KeyStep.Revoke, $"v{int.Parse(version[1..]) - 1}", """{"reason":"leaked"}""");
            }
        }
    }

    /// <summary>Every change is safe to repeat; answers the version, or null when the run is over.</summary>
    private async Task<string?> UntilDoneAsync(RecordingClient http, KeyStep step, string? version, string body)
    {
        var action = step.ToString().ToLowerInvariant();
        while (!_isOver)
        {
            var sending = version is null
                ? http.PostAsync($"{Routes}/{action}", [_tenant], body)
                : http.PostAsync($"{Routes}/{{version}}/{action}", [_tenant, version], body);
            _rotating.TrySetResult();
            var (sent, answer) = await sending;
            var changed = sent.Status == 200 ? Text(answer, "version") : version;
            Add(step, sent, changed, call => call);
            if (sent.Status is 200 or 409 or 404)
            {
                return changed;
            }

            await Task.Delay(SignPause);
        }

        return null;
    }

    private void Add(KeyStep step, HttpCall sent, string? version, Func<KeyCall, KeyCall> more)
    {
        var outcome = sent switch
        {
            { Status: 200 } => KeyOutcome.Done,
            { IsNotApplied: true } => KeyOutcome.NotApplied,
            _ => KeyOutcome.Unknown,
        };
        _calls.Enqueue(more(new KeyCall(step, sent.Start, sent.End, outcome) { Version = version }));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

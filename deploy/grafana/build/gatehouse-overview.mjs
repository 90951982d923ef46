import { S, dashboard, quantile, query, rate, row, series, stat, states, table } from './panels.mjs'

// What callers ask for: not probes, not the documents and pages.
const asked = 'http_route=~"/v1/.+|/authz/.+"'
const checks = 'http_route=~".+/check|/authz/.+"'
const requests = 'http_server_request_duration_seconds'
const over = (metric, more, range) => `sum(rate(${metric}{${S}${more && `, ${more}`}}[${range}]))`
const failed = range => `(${over(`${requests}_count`, `${asked}, http_response_status_code=~"5.."`, range)} or vector(0))`
const overloaded = range => `(${over('gatehouse_http_overloads_total', '', range)} or vector(0))`
const share = (of, range) => `${of(range)} / ${over(`${requests}_count`, asked, range)}`

// Recorded by deploy/prometheus/rules/slo.yml, per region.
const R = 'region=~"$region"'
const objectives = [
  { title: 'Availability', good: 'an answer that is no 5xx', errors: 'gatehouse:availability_errors', budget: 0.001 },
  { title: 'Overload', good: 'an answer that is no 429 service_overloaded', errors: 'gatehouse:overload_errors', budget: 0.005 },
  { title: 'Check latency', good: 'a check within 50 ms', errors: 'gatehouse:check_latency_errors', budget: 0.01 },
  { title: 'Audit appends', good: 'a commit that is written', errors: 'gatehouse:audit_append_errors', budget: 0.001 }
]

const health = { 0: ['Unhealthy', 'red'], 1: ['Degraded', 'yellow'], 2: ['Healthy', 'green'] }

export default dashboard({
  uid: 'gatehouse-overview',
  title: 'Gatehouse / Overview',
  description: 'Is it well, do callers get what they ask for, and if not: which part is it? Start here.',
  of: ['up', 'job=~"gatehouse-.+"'],
  rows: [
    row('Is it well?',
      stat('Alerts', 'Alerts that fire. 0 is well; each has a runbook of its name in docs/runbooks.',
        'count(ALERTS{alertstate="firing", service="gatehouse"}) or vector(0)', { w: 3, thresholds: { bad: 1 } }),
      stat('Processes not ready', 'API hosts and silos that are not scraped, or say that they are not ready. More than 0 for longer than a roll-out: see Health.',
        `count(up{${S}}) - (sum(gatehouse_health_ready{${S}} and on(job, instance) up == 1) or vector(0))`, { w: 3, thresholds: { bad: 1 } }),
      stat('Worst dependency', 'The worst of all dependencies of all processes.', `min(gatehouse_health_status{${S}})`,
        { w: 3, values: health }),
      stat('Answered', 'Share of requests that did not end in a 5xx, over the time shown. 429s are not failures here.',
        `1 - ${share(failed, '$__range')}`,
        { w: 3, unit: 'percentunit', decimals: 3, thresholds: { lowIsBad: true, bad: 0.999, near: 0.9995 } }),
      stat('Turned away by overload', 'Share of requests that were answered 429 service_overloaded, over the time shown: the service’s fault, not a caller’s limit.',
        share(overloaded, '$__range'), { w: 3, unit: 'percentunit', decimals: 3, thresholds: { near: 0.001, bad: 0.01 } }),
      stat('Check, 99th percentile', 'How long the slowest hundredth of rate-limit checks took, at the API host.',
        quantile(0.99, requests, '', checks), { w: 3, unit: 's', thresholds: { near: 0.05, bad: 0.25 } }),
      stat('Requests', 'Requests per second, probes left out.', rate(`${requests}_count`, '', asked), { w: 3, unit: 'reqps' }),
      stat('Waits for the archive', 'For how long the chain that waits longest has events that only Redis has.',
        `max(gatehouse_audit_unarchived_age_seconds{${S}})`,
        { w: 3, unit: 's', thresholds: { near: 300, bad: 1800 }, links: [['Audit', 'gatehouse-audit']] })),
    row('Service level (docs/slo.md)',
      stat('Budget left', 'Of what may go wrong in 30 days, what has not gone wrong yet. Less than a quarter: what can wait should. Below 0 the objective is missed.',
        objectives.map(({ title, errors, budget }) =>
          query(`1 - max(avg_over_time(${errors}:ratio_rate1h{${R}}[30d])) / ${budget}`, title)),
        { w: 24, unit: 'percentunit', decimals: 1, thresholds: { lowIsBad: true, bad: 0, near: 0.25 } }),
      ...objectives.map(({ title, good, errors, budget }) => series(
        title, `How fast the budget is spent: 1 is what may go on for ever, 14.4 calls somebody. Good is ${good}. The short window says that it goes on, the long one that it matters.`,
        ['5m', '1h', '6h'].map(range => query(`max(${errors}:ratio_rate${range}{${R}}) / ${budget}`, range)), { w: 6, unit: 'none' }))),
    row('Requests',
      series('By status', 'Requests per second by status code. 429 is a limit that holds, or overload: the budgets above tell them apart.',
        [query(rate(`${requests}_count`, 'http_response_status_code', asked), '{{http_response_status_code}}')],
        { w: 6, unit: 'reqps', stacked: true }),
      series('By route', 'The ten routes with most requests per second.',
        [query(`topk(10, ${rate(`${requests}_count`, 'http_route', asked)})`, '{{http_route}}')], { w: 6, unit: 'reqps' }),
      series('Slowest routes', '95th percentile of the ten slowest routes. Live tails and exports last as long as they are read.',
        [query(`topk(10, ${quantile(0.95, requests, 'http_route', asked)})`, '{{http_route}}')], { w: 6, unit: 's' }),
      series('Check latency', 'Of rate-limit checks, forward-auth too, at the API host.',
        [0.5, 0.95, 0.99].map(q => query(quantile(q, requests, '', checks), `p${q * 100}`)), { w: 6, unit: 's' })),
    row('The door',
      series('Failed authentications', 'Refused credentials per second by reason. Many “unknown” ones from somewhere: somebody guesses.',
        [query(rate('gatehouse_http_authentication_failures_total', 'reason'), '{{reason}}')], { unit: 'reqps' }),
      series('Refused at the door', 'Requests per second that were refused before anything was done, by reason.',
        [query(rate('gatehouse_http_refusals_total', 'reason'), '{{reason}}')], { unit: 'reqps' }),
      series('Errors nobody foresaw', 'Answers 500 per second. Each is in the log with its request id; please report them.',
        [query(rate('gatehouse_http_errors_total', 'instance'), '{{instance}}')], { unit: 'reqps' })),
    row('Health',
      states('Dependencies', 'Each dependency as the process that sees it worst sees it.',
        [query(`min by (check) (gatehouse_health_status{${S}})`, '{{check}}')], health, { h: 9 }),
      states('Processes', 'Whether a process says that it is ready. One that is not scraped has a gap.',
        [query(`gatehouse_health_ready{${S}}`, '{{job}} {{instance}}')],
        { 0: ['Not ready', 'red'], 1: ['Ready', 'green'] }, { h: 9 })),
    row('What is done',
      series('Rate-limit decisions', 'Decisions per second by reason.',
        [query(rate('gatehouse_ratelimit_decisions_total', 'reason'), '{{reason}}')],
        { w: 6, unit: 'ops', stacked: true, links: [['Rate limiting', 'gatehouse-rate-limiting']] }),
      series('Audit events', 'Events recorded per second.', [query(rate('gatehouse_audit_events_total'), 'events')],
        { w: 6, unit: 'ops', links: [['Audit', 'gatehouse-audit']] }),
      series('Idempotency keys', 'Requests that wanted to begin, per second, by what they were told.',
        [query(rate('gatehouse_idempotency_begins_total', 'outcome'), '{{outcome}}')],
        { w: 6, unit: 'ops', stacked: true, links: [['Keys', 'gatehouse-keys']] }),
      series('Signatures', 'Signatures made and verified per second.',
        [query(rate('gatehouse_keys_signatures_total'), 'signed'), query(rate('gatehouse_keys_verifications_total'), 'verified')],
        { w: 6, unit: 'ops', links: [['Keys', 'gatehouse-keys']] })),
    row('Processes',
      series('Processor', 'Cores in use by each process.',
        [query(`sum by (job, instance) (rate(dotnet_process_cpu_time_seconds_total{${S}}[$__rate_interval]))`, '{{job}} {{instance}}')],
        { unit: 'none' }),
      series('Memory', 'Physical memory of each process.',
        [query(`dotnet_process_memory_working_set_bytes{${S}}`, '{{job}} {{instance}}')], { unit: 'bytes' }),
      table('Versions', 'What runs where. Two versions side by side outside of a roll-out: one was forgotten.',
        `gatehouse_build_info{${S}}`, ['region', 'job', 'instance', 'version'], { w: 8 }))
  ]
})

// The building blocks of the dashboards. A panel is written with what differs; what all share is here once.

// Every expression is about the processes that the variables at the top of a dashboard name.
export const S = 'job=~"$job", region=~"$region", instance=~"$instance"'
export const datasource = { type: 'prometheus', uid: '${datasource}' }

const WIDTH = 24
const colors = { good: 'green', near: 'yellow', bad: 'red' }

/** From `base` on fine, from `near` on worth a look, from `bad` on wrong; the other way round where more is better. */
export const steps = ({ near, bad, lowIsBad = false }) => {
  const from = (value, color) => ({ color: colors[color], value })
  if (lowIsBad) {
    return [{ color: colors.bad, value: null }, ...near === undefined ? [] : [from(bad, 'near')], from(near ?? bad, 'good')]
  }
  return [{ color: colors.good, value: null }, ...near === undefined ? [] : [from(near, 'near')],
    ...bad === undefined ? [] : [from(bad, 'bad')]]
}

/** An expression and the name of what it draws. */
export const query = (expr, legend = '') => ({ expr, legend })

export const rate = (metric, by = '', more = '') => by
  ? `sum by (${by}) (rate(${metric}{${S}${more && `, ${more}`}}[$__rate_interval]))`
  : `sum(rate(${metric}{${S}${more && `, ${more}`}}[$__rate_interval]))`

/** The same where the counter appears with its first increment only: not there means none. */
export const rateOrZero = (metric, more = '') => `${rate(metric, '', more)} or vector(0)`

export const quantile = (q, metric, by = '', more = '') =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (rate(${metric}_bucket{${S}${more && `, ${more}`}}[$__rate_interval])))`

const targets = (queries, instant) => queries.map(({ expr, legend }, index) => ({
  datasource, editorMode: 'code', expr, legendFormat: legend || '__auto', refId: String.fromCharCode(65 + index),
  ...instant ? { instant: true, range: false } : { instant: false, range: true }
}))

const mapped = values => values === undefined ? [] : [{
  type: 'value',
  options: Object.fromEntries(Object.entries(values).map(([value, [text, color]], index) => [value, { text, color, index }]))
}]

const panel = (type, title, description, queries, { unit = 'short', w, h, min, max, decimals, thresholds, values, links, custom }, options) => ({
  type, title, description, datasource,
  size: { w, h },
  fieldConfig: {
    defaults: {
      unit,
      ...min === undefined ? {} : { min },
      ...max === undefined ? {} : { max },
      ...decimals === undefined ? {} : { decimals },
      color: { mode: thresholds || values ? 'thresholds' : 'palette-classic' },
      mappings: mapped(values),
      thresholds: { mode: 'absolute', steps: thresholds ? steps(thresholds) : [{ color: colors.good, value: null }] },
      custom: custom ?? {}
    },
    overrides: []
  },
  options,
  ...links ? { links: links.map(([title, uid]) => ({ title, url: `/d/${uid}?\${__url_time_range}&\${datasource:queryparam}&\${region:queryparam}` })) } : {},
  targets: targets(queries, type === 'stat' || type === 'table')
})

/** One number that answers one question, or one for each of a few. */
export const stat = (title, description, asked, settings = {}) => panel(
  'stat', title, description, Array.isArray(asked) ? asked : [query(asked)], { w: 4, h: 4, ...settings }, {
    colorMode: settings.thresholds || settings.values ? 'background' : 'value', graphMode: 'none', justifyMode: 'auto',
    orientation: 'auto', percentChangeColorMode: 'standard', showPercentChange: false, textMode: 'auto', wideLayout: true,
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }
  })

/** Lines over time. */
export const series = (title, description, queries, settings = {}) => panel(
  'timeseries', title, description, queries, {
    w: 8, h: 8, min: 0,
    ...settings,
    thresholds: undefined,
    custom: {
      drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, showPoints: 'never', spanNulls: false,
      fillOpacity: settings.stacked ? 30 : 8, stacking: { group: 'A', mode: settings.stacked ? 'normal' : 'none' }
    }
  }, {
    legend: { calcs: ['lastNotNull', 'max'], displayMode: 'table', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' }
  })

/** States over time, a line for each thing that has one. */
export const states = (title, description, queries, values, settings = {}) => panel(
  'state-timeline', title, description, queries, {
    w: 12, h: 8, values, ...settings, custom: { fillOpacity: 80, lineWidth: 0 }
  }, {
    alignValue: 'left', mergeValues: true, rowHeight: 0.9, showValue: 'auto',
    legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'single', sort: 'none' }
  })

/** What is now, a row for each. */
export const table = (title, description, expr, columns, settings = {}) => ({
  ...panel('table', title, description, [query(expr)], { w: 12, h: 8, ...settings }, {
    showHeader: true, cellHeight: 'sm', frameIndex: 0,
    sortBy: [{ displayName: 'Value', desc: true }]
  }),
  transformations: [
    { id: 'labelsToFields', options: { mode: 'columns' } },
    { id: 'merge', options: {} },
    { id: 'filterFieldsByName', options: { include: { names: [...columns, 'Value'] } } }
  ]
})

/** A heading; the panels under it flow from left to right. */
export const row = (title, ...panels) => ({ title, panels })

const place = rows => {
  let y = 0, id = 0
  return rows.flatMap(({ title, panels }) => {
    const heading = { type: 'row', id: ++id, title, collapsed: false, gridPos: { x: 0, y: y++, w: WIDTH, h: 1 }, panels: [] }
    let x = 0, height = 0
    const placed = panels.map(({ size, ...panel }) => {
      if (x + size.w > WIDTH) [x, y, height] = [0, y + height, 0]
      const gridPos = { x, y, ...size }
      x += size.w
      height = Math.max(height, size.h)
      return { id: ++id, ...panel, gridPos }
    })
    y += height
    return [heading, ...placed]
  })
}

const variable = (name, label, query) => ({
  name, label, type: 'query', datasource, definition: query,
  query: { query, refId: `${name}-variable` },
  refresh: 2, sort: 1, multi: true, includeAll: true, hide: 0, regex: '', skipUrlSync: false, options: [],
  current: { selected: true, text: ['All'], value: ['$__all'] }
})

const select = (metric, ...matchers) => matchers.length ? `${metric}{${matchers.join(', ')}}` : metric

/** The variables of a dashboard: each narrows the ones behind it. */
const variables = ([metric, ...of]) => [
  {
    name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0, includeAll: false,
    multi: false, options: [], refresh: 1, regex: '', skipUrlSync: false,
    // The one that provisioning/ makes; where there is none of that name, Grafana takes the first Prometheus it has.
    current: { selected: true, text: 'Prometheus', value: 'prometheus' }
  },
  variable('region', 'Region', `label_values(${select(metric, ...of)}, region)`),
  variable('job', 'Job', `label_values(${select(metric, ...of, 'region=~"$region"')}, job)`),
  variable('instance', 'Instance', `label_values(${select(metric, ...of, 'region=~"$region"', 'job=~"$job"')}, instance)`)
]

/** A whole dashboard. `of` is a metric that the processes which it is about all have, and what to select of it. */
export const dashboard = ({ uid, title, description, of, rows }) => ({
  id: null, uid, title, description,
  tags: ['gatehouse'],
  schemaVersion: 41, version: 1, editable: true, graphTooltip: 1, fiscalYearStartMonth: 0, weekStart: '', liveNow: false,
  time: { from: 'now-6h', to: 'now' }, timezone: 'browser', timepicker: {}, refresh: '30s',
  links: [{
    title: 'Gatehouse', type: 'dashboards', tags: ['gatehouse'], asDropdown: true, includeVars: true, keepTime: true,
    targetBlank: false, icon: 'external link', tooltip: 'The other dashboards', url: ''
  }],
  annotations: {
    list: [{
      name: 'Alerts', datasource, enable: true, hide: false, iconColor: 'red',
      expr: 'sum by (alertname, severity) (ALERTS{alertstate="firing", service="gatehouse"})', titleFormat: '{{alertname}}',
      textFormat: '{{severity}}', step: '30s'
    }]
  },
  templating: { list: variables(of) },
  panels: place(rows)
})

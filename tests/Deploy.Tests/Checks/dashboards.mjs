// Reads a JSON object of dashboards by name from its input; answers for each what Grafana's own types say against it:
// {name: [messages]}. Where those types are written for programs they are loosened: enumerations are their values here, a
// variable has fields of its kind, a link of a panel is a title and an address. Where they let anything pass they are
// narrowed: options are those of the panel's kind, and all that asks, asks the data source of the variable.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const panels = 'import type { Options as %T, FieldConfig as %TFields } from "@grafana/schema/dist/esm/raw/composable/%f/panelcfg/x/%TPanelCfg_types.gen"'
const imported = [['TimeSeries', 'timeseries'], ['StateTimeline', 'statetimeline'], ['Table', 'table']]
  .map(([type, folder]) => panels.replaceAll('%T', type).replaceAll('%f', folder))

const types = `
import type { AnnotationQuery, Dashboard, DashboardLink, FieldConfig, Panel, RowPanel, VariableModel } from "@grafana/schema"
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen"
${imported.join('\n')}

type Loose<T> =
  T extends string ? \`\${T}\` :
  T extends number | boolean | null | undefined ? T :
  T extends (infer Item)[] ? Loose<Item>[] :
  T extends object ? { [Key in keyof T]: Loose<T[Key]> } : T

type DataSource = { type: "prometheus", uid: "\${datasource}" }
type Target = {
  datasource: DataSource, expr: string, refId: string, legendFormat: string, editorMode: "code", instant: boolean, range: boolean
}
type Fields<Custom> = {
  defaults: Loose<Omit<FieldConfig, "custom" | "unit">> & { unit: string, custom: Custom }, overrides: []
}
type Of<Type, Options, Custom> = Loose<Omit<Panel, "type" | "options" | "fieldConfig" | "targets" | "datasource" | "description" | "title" | "id" | "links">> & {
  id: number, links?: { title: string, url: string }[], type: Type, title: string, description: string, datasource: DataSource, targets: Target[],
  options: Loose<Options>, fieldConfig: Fields<Loose<Custom>>
}
type Row = Loose<Omit<RowPanel, "panels">> & { panels: [] }
type QueryVariable = Loose<Omit<VariableModel, "query">> & {
  definition: string, query: { query: string, refId: string }, datasource: DataSource
}
type SourceVariable = Loose<VariableModel> & { name: "datasource", type: "datasource", query: "prometheus" }

export type Checked = Loose<Omit<Dashboard, "panels" | "templating" | "annotations" | "links" | "id">> & {
  id: null, uid: string, title: string, description: string, links: Loose<DashboardLink>[],
  annotations: { list: (Loose<AnnotationQuery> & { datasource: DataSource, expr: string, titleFormat: string, textFormat: string, step: string })[] },
  templating: { list: [SourceVariable, ...QueryVariable[]] },
  panels: (Row | Of<"stat", Stat, {}> | Of<"timeseries", TimeSeries, TimeSeriesFields> |
    Of<"state-timeline", StateTimeline, StateTimelineFields> | Of<"table", Table, Partial<TableFields>>)[]
}`

const options = {
  noEmit: true, strict: true, skipLibCheck: true, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler, types: []
}
const here = import.meta.dirname
const files = new Map([[join(here, 'checked.ts'), types]])
const dashboards = JSON.parse(readFileSync(0, 'utf8'))
for (const [name, dashboard] of Object.entries(dashboards)) {
  files.set(join(here, `${name}.ts`), `import type { Checked } from "./checked"
const it: Checked = ${JSON.stringify(dashboard, null, 1)}
export default it`)
}

const host = ts.createCompilerHost(options)
const { fileExists, readFile, getSourceFile } = host
host.fileExists = path => files.has(path) || fileExists(path)
host.readFile = path => files.get(path) ?? readFile(path)
host.getSourceFile = (path, language) => files.has(path)
  ? ts.createSourceFile(path, files.get(path), language) : getSourceFile(path, language)
const program = ts.createProgram([...files.keys()], options, host)

const said = Object.fromEntries(Object.keys(dashboards).map(name => [name, []]))
for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n')
  const name = file?.fileName.match(/([^/]+)\.ts$/)?.[1]
  const line = start === undefined ? '' : file.text.slice(0, start).split('\n').length
  // What is wrong with the check itself is nobody's dashboard: everybody hears of it.
  for (const list of name in said ? [said[name]] : Object.values(said)) list.push(`${file?.fileName ?? ''}:${line} ${text}`)
}

console.log(JSON.stringify(said))

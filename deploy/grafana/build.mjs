// Writes the dashboards. `node build.mjs [folder]`; the folder is dashboards/ unless another one is named.
// To change a dashboard, change its file in build/, run this, and commit both: a test compares them.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const folder = process.argv[2] ?? join(here, 'dashboards')
mkdirSync(folder, { recursive: true })
for (const file of readdirSync(join(here, 'build')).filter(name => name.startsWith('gatehouse-'))) {
  const { default: dashboard } = await import(join(here, 'build', file))
  writeFileSync(join(folder, `${dashboard.uid}.json`), `${JSON.stringify(dashboard, null, 2)}\n`)
}

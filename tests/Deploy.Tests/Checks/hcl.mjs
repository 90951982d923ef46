// Reads a JSON object of HCL texts by file name from its input; answers {json} or {error} for each.
import { readFileSync } from 'node:fs'
import { parse } from '@cdktf/hcl2json'

const answers = {}
for (const [name, text] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  try {
    answers[name] = { json: await parse(name, text) }
  } catch (error) {
    answers[name] = { error: String(error) }
  }
}
console.log(JSON.stringify(answers))

// Makes provider-schema.json: the arguments and blocks of a resource of Terraform's Google provider. Run by hand:
//   npm pack @cdktf/provider-google@16.12.1
//   tar xzf cdktf-provider-google-16.12.1.tgz
//   node provider-schema.mjs package > provider-schema.json
// That package is made from the schema of hashicorp/google 6.50.0, whose registry is not always within reach.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const [folder] = process.argv.slice(2)
const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const path = join(folder, 'lib', 'monitoring-alert-policy', 'index.d.ts')
const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
const interfaces = new Map(source.statements.filter(ts.isInterfaceDeclaration).map(node => [node.name.text, node]))
const snake = text => text.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

// An interface of this file is a block, of which there may be many if its type is an array.
const block = node => {
  const known = { arguments: {}, blocks: {} }
  for (const member of node.members) {
    const types = ts.isUnionTypeNode(member.type) ? member.type.types : [member.type]
    const isList = types.some(ts.isArrayTypeNode)
    const named = types.map(type => ts.isArrayTypeNode(type) ? type.elementType : type)
      .map(type => interfaces.get(type.getText())).find(found => found)
    const isRequired = !member.questionToken
    if (named) known.blocks[snake(member.name.text)] = { isRequired, isList, ...block(named) }
    else known.arguments[snake(member.name.text)] = { isRequired, isList }
  }
  return known
}

console.log(JSON.stringify({
  source: `${name} ${version}, made from the schema of hashicorp/google 6.50.0`,
  license,
  resources: { google_monitoring_alert_policy: block(interfaces.get('MonitoringAlertPolicyConfig')) },
}, null, 1))

// Reads a JSON array of PromQL expressions from its input; answers for each {errors: [offsets], metrics: [names]}.
import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'

const verdict = expression => {
  const errors = [], metrics = new Set()
  parser.parse(expression).iterate({
    enter: node => {
      if (node.type.isError) errors.push(node.from)
      // A metric's name, and not that of a label or a function.
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') {
        metrics.add(expression.slice(node.from, node.to))
      }
    }
  })
  return { errors, metrics: [...metrics] }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(verdict)))

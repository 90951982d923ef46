// Reads a JSON array of PromQL expressions from its input; answers for each:
//   errors     offsets at which it is wrong
//   metrics    names of the metrics that it reads
//   selectors  each metric and its matchers: {metric, matchers: [{label, op, value}]}
//   groupings  labels that are to be on what is under an aggregation (by, without) or on a side of an operator (on, ignoring,
//              group_left, group_right): {labels, metrics}; a label that label_replace makes is not among them
import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'

const verdict = expression => {
  const errors = [], selectors = [], groupings = []
  const text = node => expression.slice(node.from, node.to)
  const unquoted = node => text(node).slice(1, -1).replaceAll(/\\(.)/g, '$1')
  const labelsOf = node => node.getChildren('LabelName').map(text)

  const selector = node => {
    const list = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
    const matchers = list.map(matcher => ({
      label: text(matcher.getChild('LabelName')), op: text(matcher.getChild('MatchOp')), value: unquoted(matcher.getChild('StringLiteral'))
    }))
    const name = node.getChild('Identifier')
    const named = matchers.find(({ label, op }) => label === '__name__' && op === '=')
    return {
      metric: name ? text(name) : named?.value ?? null, matchers: matchers.filter(({ label }) => label !== '__name__')
    }
  }

  const within = (node, type) => {
    const found = []
    node.cursor().iterate(child => {
      if (child.name === type && child.from >= node.from && child.to <= node.to) found.push(child.node)
    })
    return found
  }

  const group = (labels, ...nodes) => {
    const made = nodes.flatMap(node => within(node, 'LabelReplace').concat(within(node, 'LabelJoin')))
      .map(node => unquoted(node.parent.parent.getChild('FunctionCallBody').getChildren('StringLiteral')[0]))
    const metrics = nodes.flatMap(node => within(node, 'VectorSelector')).map(node => selector(node).metric)
    const wanted = labels.filter(label => !made.includes(label))
    if (wanted.length && metrics.length) groupings.push({ labels: wanted, metrics: [...new Set(metrics)] })
  }

  const operands = node => {
    const list = []
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (!['MatchingModifierClause', 'BoolModifier'].includes(child.name)) list.push(child)
    }
    return [list[0], list[list.length - 1]]
  }

  parser.parse(expression).iterate({
    enter: ({ type, node }) => {
      if (type.isError) errors.push(node.from)
      if (node.name === 'VectorSelector') selectors.push(selector(node))
      if (node.name === 'AggregateModifier') {
        group(labelsOf(node.getChild('GroupingLabels')), node.parent.getChild('FunctionCallBody'))
      }
      if (node.name === 'MatchingModifierClause') {
        const [matching, carried] = node.getChildren('GroupingLabels')
        const [left, right] = operands(node.parent)
        // What is matched on has to be on both sides; what is carried over, on the one side that it comes from.
        if (node.getChild('On')) for (const side of [left, right]) group(labelsOf(matching), side)
        if (node.getChild('Ignoring')) group(labelsOf(matching), left, right)
        if (carried) group(labelsOf(carried), node.getChild('GroupLeft') ? right : left)
      }
    }
  })
  return { errors, metrics: [...new Set(selectors.map(({ metric }) => metric))].filter(Boolean), selectors, groupings }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(verdict)))

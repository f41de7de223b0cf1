import { matchesRequirement } from '../../api/selectors.ts'
import { normalizeByMax, rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import type { ClusterChange } from '../cluster-change.ts'
import { matchesLabels } from '../label-match.ts'
import type { NodeFacts } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import { matchesTerm } from '../node-term.ts'
import type { NodeWish } from '../pod-terms.ts'

type Named = Pick<NodeFacts, 'name' | 'labels'>

/** Whether the pod's nodeSelector and required node affinity allow the node. */
export function allowsNode({ selector, required }: NodeWish, node: Named): boolean {
  if (selector && !matchesLabels(node.labels, selector)) return false
  return !required || required.some((term) => matchesTerm(node, term))
}

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  prepareFilter: ({ nodeWish }) => {
    if (!nodeWish.selector && !nodeWish.required) return undefined
    return {
      only: namedNodes(nodeWish),
      filter: (node) =>
        allowsNode(nodeWish, node)
          ? undefined
          : rejectFinally("node(s) didn't match Pod's node affinity/selector", () =>
              remedy(nodeWish, node),
            ),
    }
  },
  prepareScore: ({ nodeWish: { preferred } }) => {
    if (preferred.length === 0) return undefined
    return {
      score: (node) => {
        let sum = 0
        for (const { term, weight } of preferred) if (matchesTerm(node, term)) sum += weight
        return sum
      },
      normalize: (scores) => normalizeByMax(scores, false),
    }
  },
  hints: [
    { on: 'node-added', helps: isAllowed },
    { on: 'node-labels', helps: isAllowed },
  ],
}

function isAllowed({ nodeWish }: PodInfo, change: ClusterChange): boolean {
  return 'node' in change && allowsNode(nodeWish, change.node)
}

/** Where every term names its nodes, as those of a DaemonSet's pods do, no others need be looked at. */
function namedNodes({ required }: NodeWish): ReadonlySet<string> | undefined {
  if (!required || required.length === 0) return undefined
  const names = new Set<string>()
  for (const { fields } of required) {
    const named = fields.find(({ operator }) => operator === 'In')
    if (!named) return undefined
    for (const name of named.values) names.add(name)
  }
  return names
}

function remedy({ selector, required }: NodeWish, { name, labels }: Named): string {
  const missing = (selector?.requirements ?? []).filter(
    (requirement) => !matchesRequirement(labels, requirement),
  )
  if (missing.length > 0) {
    const words = missing.map(({ key, values }) => `${key}=${values[0]}`).join(' ')
    return `label node ${name} with ${words}, or take it out of the pod's nodeSelector`
  }
  const term = required?.[0]
  const unmet = term?.labels.find((requirement) => !matchesRequirement(labels, requirement))
  if (!unmet) return `let the pod's node affinity allow node ${name}`
  const wanted = `${unmet.key} ${unmet.operator} ${unmet.values.join(',')}`.trim()
  return `let node ${name} satisfy "${wanted}", or the pod's node affinity allow it`
}

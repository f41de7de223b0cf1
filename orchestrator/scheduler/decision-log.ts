import type { Decision, DecisionLog, KeptDecision } from './decision.ts'

export interface DecisionLimits {
  /** How many pods are remembered. */
  readonly decisions: number
  /** How many rows of nodes, over all of them. */
  readonly rows: number
}

const usualLimits: DecisionLimits = { decisions: 20_000, rows: 400_000 }

/** The latest decision of each pod; the oldest are forgotten first. */
export function makeDecisionLog(limits: DecisionLimits = usualLimits): DecisionLog {
  // A Map keeps the order in which entries were set.
  const kept = new Map<string, KeptDecision>()
  let rows = 0
  const remove = (key: string) => {
    rows -= kept.get(key)?.rowCount ?? 0
    kept.delete(key)
  }
  return {
    add: (decision) => {
      const key = `${decision.namespace}/${decision.name}`
      remove(key)
      kept.set(key, decision)
      rows += decision.rowCount
      while (kept.size > 1 && (kept.size > limits.decisions || rows > limits.rows))
        remove(kept.keys().next().value!)
    },
    find: (namespace, name) => {
      const decision = kept.get(`${namespace}/${name}`)
      return decision && expand(decision)
    },
  }
}

function expand(kept: KeptDecision): Decision {
  const { rows, rowCount, ...decision } = kept
  return { ...decision, nodes: rowCount === 0 ? [] : rows() }
}

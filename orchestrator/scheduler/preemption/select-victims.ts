import { rejectFinally } from '../framework.ts'
import type { FailedSearch, Rejection } from '../framework.ts'
import { matchesLabels } from '../label-match.ts'
import { withoutPod, withPod } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import { replaceNode } from '../snapshot.ts'
import type { DisruptionBudget, Snapshot } from '../snapshot.ts'

/** A node that would take the pod once these others are gone. */
export interface Candidate {
  readonly node: string
  /** The most important first. */
  readonly victims: readonly PodInfo[]
  /** How many of them a disruption budget protects. */
  readonly violations: number
}

/** The fewest pods of lower priority without which a pod fits a node, sparing first what budgets protect. */
export function selectVictims(search: FailedSearch, node: NodeInfo): Candidate | Rejection {
  const { pod, snapshot } = search
  const lower = node.pods.filter(({ priority }) => priority < pod.priority)
  if (lower.length === 0) return rejectFinally('No preemption victims found for incoming pod')
  const fits = (changed: NodeInfo) => search.fits(replaceNode(snapshot, changed), changed)
  let remaining = lower.reduce(withoutPod, node)
  const rejection = fits(remaining)
  if (rejection) return rejection
  const { violating, others } = splitByBudgets(lower.toSorted(byImportance), snapshot.budgets)
  const victims: PodInfo[] = []
  const spare = (candidate: PodInfo): boolean => {
    const kept = withPod(remaining, candidate)
    if (fits(kept)) {
      victims.push(candidate)
      return false
    }
    remaining = kept
    return true
  }
  const violations = violating.filter((one) => !spare(one)).length
  for (const one of others) spare(one)
  return { node: node.name, victims: victims.toSorted(byImportance), violations }
}

/** Higher priority first, then who runs longest. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || a.since - b.since
}

function splitByBudgets(
  pods: readonly PodInfo[],
  budgets: Snapshot['budgets'],
): { violating: PodInfo[]; others: PodInfo[] } {
  const left = new Map(budgets.map((budget) => [budget, budget.allowed]))
  const violating: PodInfo[] = []
  const others: PodInfo[] = []
  for (const pod of pods) {
    let isViolating = false
    for (const budget of budgets) {
      if (!protects(budget, pod)) continue
      const rest = left.get(budget)! - 1
      left.set(budget, rest)
      if (rest < 0) isViolating = true
    }
    ;(isViolating ? violating : others).push(pod)
  }
  return { violating, others }
}

function protects({ namespace, selector, disrupted }: DisruptionBudget, pod: PodInfo): boolean {
  return (
    namespace === pod.namespace &&
    selector !== undefined &&
    selector.requirements.length > 0 &&
    !disrupted.has(pod.name) &&
    matchesLabels(pod.labels, selector)
  )
}

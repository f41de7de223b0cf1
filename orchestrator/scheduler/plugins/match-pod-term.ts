import { intern } from '../intern.ts'
import { matchesLabels } from '../label-match.ts'
import type { PodQuestion } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { PodTerm } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'

/** Whether a term of another pod's affinity speaks of this pod. */
export function matchesPodTerm(
  pod: Pick<PodInfo, 'namespace' | 'labels'>,
  { selector, namespaces, namespaceSelector }: PodTerm,
  { namespaceLabels }: Pick<Snapshot, 'namespaceLabels'>,
): boolean {
  if (!selector || !matchesLabels(pod.labels, selector)) return false
  if (namespaces.has(pod.namespace)) return true
  return (
    namespaceSelector !== undefined &&
    matchesLabels(namespaceLabels.get(pod.namespace), namespaceSelector)
  )
}

/** How many pods of a node a term means. */
export function askForTerm(term: PodTerm, snapshot: Snapshot): PodQuestion {
  return {
    key: intern(`meant ${term.key}`),
    isCounted: (pod) => matchesPodTerm(pod, term, snapshot),
  }
}

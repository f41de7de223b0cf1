import { rejectFinally } from './framework.ts'
import type { EnabledPlugin, NodeFilter, NodeRejection, Rejection } from './framework.ts'
import { withPod } from './node-info.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { replaceNode } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'

/** The filters of one pod over one snapshot. */
export interface FilterRun {
  /** A plugin that says that no node will do. */
  readonly refusal: NodeRejection | undefined
  /** @returns the first plugin that rejects the node */
  readonly check: (node: NodeInfo) => NodeRejection | undefined
  /** @returns every plugin that rejects the node */
  readonly checkAll: (node: NodeInfo) => NodeRejection[]
  /** Plugins that have a say about this pod. */
  readonly plugins: readonly string[]
}

interface NamedFilter {
  readonly plugin: string
  readonly filter: NodeFilter
}

export function prepareFilters(
  pod: PodInfo,
  snapshot: Snapshot,
  enabled: readonly EnabledPlugin[],
): FilterRun {
  const filters: NamedFilter[] = []
  const limits: { plugin: string; only: ReadonlySet<string> }[] = []
  let refusal: NodeRejection | undefined
  for (const { plugin } of enabled) {
    const prepared = plugin.prepareFilter?.(pod, snapshot)
    if (!prepared) continue
    if ('reasons' in prepared) {
      refusal ??= { plugin: plugin.name, rejection: prepared }
      continue
    }
    if (prepared.only) limits.push({ plugin: plugin.name, only: prepared.only })
    filters.push({ plugin: plugin.name, filter: prepared.filter })
  }
  const all = [...limits.map(limitFilter), ...filters]
  return {
    refusal,
    check: (node) => firstRejection(all, node),
    checkAll: (node) =>
      filters.flatMap(({ plugin, filter }) => {
        const rejection = filter(node)
        return rejection ? [{ plugin, rejection }] : []
      }),
    plugins: filters.map(({ plugin }) => plugin),
  }
}

/** A node that was not even looked at has a sentence of its own. */
function limitFilter({ plugin, only }: { plugin: string; only: ReadonlySet<string> }): NamedFilter {
  const rejection = rejectFinally(`node(s) didn't satisfy plugin(s) [${plugin}]`)
  return { plugin, filter: ({ name }) => (only.has(name) ? undefined : rejection) }
}

function firstRejection(
  filters: readonly NamedFilter[],
  node: NodeInfo,
): NodeRejection | undefined {
  for (const { plugin, filter } of filters) {
    const rejection = filter(node)
    if (rejection) return { plugin, rejection }
  }
  return undefined
}

/** The same as if pods were there already that wait for their victims to leave, when they are of no lower priority. */
export function checkWithNominated(
  pod: PodInfo,
  snapshot: Snapshot,
  enabled: readonly EnabledPlugin[],
  run: FilterRun,
): FilterRun['check'] {
  if (snapshot.nominated.size === 0) return run.check
  return (node) => {
    const expected = (snapshot.nominated.get(node.name) ?? []).filter(
      (other) => other.uid !== pod.uid && other.priority >= pod.priority,
    )
    if (expected.length > 0) {
      const changed = expected.reduce(withPod, node)
      const full = prepareFilters(pod, replaceNode(snapshot, changed), enabled)
      const rejected = full.check(changed)
      if (rejected) return rejected
    }
    // Without them too: what they bring, like a pod to be near, may yet not come.
    return run.check(node)
  }
}

/** All filters anew for one node of a changed cluster. */
export function fitsChanged(
  pod: PodInfo,
  snapshot: Snapshot,
  node: NodeInfo,
  enabled: readonly EnabledPlugin[],
): Rejection | undefined {
  const run = prepareFilters(pod, snapshot, enabled)
  if (run.refusal) return run.refusal.rejection
  return checkWithNominated(pod, snapshot, enabled, run)(node)?.rejection
}

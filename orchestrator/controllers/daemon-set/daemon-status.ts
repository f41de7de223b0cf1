import { numberAt, sameJson } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { createdAt, isAvailable, isReady } from '../objects/pod-facts.ts'
import { hashOf } from '../revisions/revision.ts'
import { statusWrite } from '../writes/write.ts'
import type { Write } from '../writes/write.ts'
import type { NodeMatch } from './node-match.ts'

/** @param byNode the set's pods by the node that they are for */
export function planDaemonStatus(
  set: KubeObject,
  matches: ReadonlyMap<string, NodeMatch>,
  byNode: ReadonlyMap<string, readonly KubeObject[]>,
  hash: string,
  now: Date,
): Write[] {
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  const runs = [...matches].filter(([, { run }]) => run).map(([node]) => byNode.get(node) ?? [])
  const scheduled = runs.filter((pods) => pods.length > 0)
  const shown = scheduled.map(
    (pods) => pods.toSorted((a, b) => createdAt(a) - createdAt(b)).find(isReady) ?? pods[0]!,
  )
  const misscheduled = [...matches].filter(([node, { run }]) => !run && byNode.has(node))
  const available = shown.filter((pod) => isAvailable(pod, minReady, now)).length
  const unavailable = runs.length - available
  const { collisionCount } = set.status ?? {}
  const updated = scheduled.filter((pods) => pods.some((pod) => hashOf(pod) === hash)).length
  const status = {
    currentNumberScheduled: scheduled.length,
    numberMisscheduled: misscheduled.length,
    desiredNumberScheduled: runs.length,
    numberReady: shown.filter(isReady).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
    ...(available > 0 ? { numberAvailable: available } : {}),
    ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  }
  return sameJson(set.status ?? {}, status) ? [] : [statusWrite(set, status)]
}

import type { KubeObject } from '../../api/object.ts'
import { taintsOf } from '../node-lifecycle/node-taints.ts'
import { disruptionWrites } from '../objects/disruption-target.ts'
import { keyOf } from '../objects/ownership.ts'
import { createdAt, isFinished, isTerminating } from '../objects/pod-facts.ts'
import { toleratedSeconds } from '../objects/toleration.ts'
import type { Write } from '../writes/write.ts'

/**
 * How long a pod may stay where it is because of the node's `NoExecute` taints.
 * @returns milliseconds, 0 when it is to go now; undefined when nothing sends it away
 */
export function evictionWaitMs(pod: KubeObject, node: KubeObject, now: Date): number | undefined {
  if (isTerminating(pod) || isFinished(pod)) return undefined
  const taints = taintsOf(node).filter(({ effect }) => effect === 'NoExecute')
  if (taints.length === 0) return undefined
  const seconds = toleratedSeconds(pod, taints)
  if (seconds === Infinity) return undefined
  // The server may have been started again meanwhile: time is counted from when the first taint came.
  const since = Math.min(
    ...taints.map(({ timeAdded = '' }) => Date.parse(timeAdded) || now.getTime()),
  )
  // Neither is in the future but where the clock was set back, and that makes nobody stay longer.
  const begin = Math.min(Math.max(since, createdAt(pod)), now.getTime())
  return Math.max(0, begin + seconds * 1000 - now.getTime())
}

export function evictPod(about: KubeObject, now: Date): Write[] {
  const why = {
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
  }
  const message = `Marking for deletion Pod ${keyOf(about)}`
  return [
    { verb: 'remark', remark: { about, type: 'Normal', reason: 'TaintManagerEviction', message } },
    ...disruptionWrites(about, why, now, false),
    { verb: 'delete', object: about },
  ]
}

import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../api/finalizers.ts'
import { textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { claimProtection, volumeProtection } from '../../api/volumes/names.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { claimIndex, claimKeys, indexByClaim } from '../objects/pods-of-claim.ts'
import type { Plan } from '../writes/write.ts'

// Nobody's data goes while it is in use: a claim that a pod has stays until the pod is gone, a volume until its claim is.
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection

/** The finalizer comes with the object, and goes when it is to go and nobody uses it. */
export function planProtection(object: KubeObject, finalizer: string, isInUse: boolean): Plan {
  const has = hasFinalizer(object, finalizer)
  if (isTerminating(object))
    return has && !isInUse
      ? { writes: [{ verb: 'update', object: withoutFinalizer(object, finalizer) }] }
      : { writes: [] }
  return has
    ? { writes: [] }
    : { writes: [{ verb: 'update', object: withFinalizer(object, finalizer) }] }
}

export const startClaimProtection: StartController = (context) => {
  const claims = context.informers.of(kinds.claim)
  const pods = context.informers.of(kinds.pod)
  indexByClaim(pods)
  const controller = startKeyController(context, {
    name: 'pvc-protection-controller',
    kind: kinds.claim,
    reads: [kinds.claim, kinds.pod],
    plan: (key) => {
      const claim = claims.get(splitKey(key))
      if (!claim) return { writes: [] }
      // Where a pod has no node, its node will not begin with a claim that is to go.
      const users = pods.byIndex(claimIndex, key).filter((pod) => textAt(pod, ['spec', 'nodeName']))
      return planProtection(claim, claimProtection, users.length > 0)
    },
  })
  claims.onChange((claim, isThere) => {
    if (isThere) controller.add(keyOf(claim))
  })
  pods.onChange((pod, isThere) => {
    if (!isThere) for (const key of claimKeys(pod)) controller.add(key)
  })
  return controller
}

export const startVolumeProtection: StartController = (context) => {
  const volumes = context.informers.of(kinds.volume)
  const controller = startKeyController(context, {
    name: 'pv-protection-controller',
    kind: kinds.volume,
    reads: [kinds.volume],
    plan: (key) => {
      const volume = volumes.get(splitKey(key))
      if (!volume) return { writes: [] }
      return planProtection(
        volume,
        volumeProtection,
        textAt(volume, ['status', 'phase']) === 'Bound',
      )
    },
  })
  volumes.onChange((volume, isThere) => {
    if (isThere) controller.add(keyOf(volume))
  })
  return controller
}

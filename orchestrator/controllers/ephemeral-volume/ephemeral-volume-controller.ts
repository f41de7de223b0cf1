import { isObject, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { claimsOfPod, isMadeFor } from '../../api/volumes/claims-of-pod.ts'
import type { ClaimOfPod } from '../../api/volumes/claims-of-pod.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { controllerReference, keyOf, splitKey } from '../objects/ownership.ts'
import { isActive } from '../objects/pod-facts.ts'
import type { Plan, Write } from '../writes/write.ts'

/** The claims that a pod brings along: they are its own, and go with it. */
export function planEphemeralVolumes(
  pod: KubeObject,
  claimNamed: (name: string) => KubeObject | undefined,
): Plan {
  if (!isActive(pod)) return { writes: [] }
  const writes = claimsOfPod(pod).flatMap((one): Write[] => {
    if (!one.template) return []
    const claim = claimNamed(one.claimName)
    if (!claim) return [{ verb: 'create', object: makeClaim(pod, one) }]
    if (isMadeFor(claim, pod)) return []
    const message = `ephemeral volume "${one.volume}": PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`
    const remark = { about: pod, type: 'Warning' as const, reason: 'FailedBinding', message }
    return [{ verb: 'remark', remark }]
  })
  return { writes }
}

function makeClaim(pod: KubeObject, { claimName, template = {} }: ClaimOfPod): KubeObject {
  const { namespace = '' } = pod.metadata
  const given = valueAt(template, ['metadata'])
  const metadata = isObject(given) ? given : {}
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...metadata,
      name: claimName,
      namespace,
      ownerReferences: [controllerReference({ ...pod, apiVersion: 'v1', kind: 'Pod' })],
    },
    spec: isObject(template['spec']) ? template['spec'] : {},
  }
}

export const startEphemeralVolumeController: StartController = (context) => {
  const pods = context.informers.of(kinds.pod)
  const claims = context.informers.of(kinds.claim)
  const controller = startKeyController(context, {
    name: 'ephemeral_volume',
    kind: kinds.pod,
    reads: [kinds.pod, kinds.claim],
    plan: (key) => {
      const pod = pods.get(splitKey(key))
      if (!pod) return { writes: [] }
      const { namespace } = pod.metadata
      return planEphemeralVolumes(pod, (name) => claims.get({ namespace, name }))
    },
  })
  pods.onChange((pod, isThere) => {
    if (isThere && claimsOfPod(pod).some(({ template }) => template)) controller.add(keyOf(pod))
  })
  return controller
}

import { applyLimitDefaults, claimFaults, limitFaults } from '../api/limits/limit-ranges.ts'
import type { KubeObject } from '../api/object.ts'
import { qosClass } from '../api/qos-class.ts'
import { forbidden } from '../api/status-error.ts'
import type { Admission } from './admission.ts'

const note = 'kubernetes.io/limit-ranger'

/** @param listRanges the limit ranges of a namespace */
export function makeLimitAdmission(
  listRanges: (namespace: string) => Promise<readonly KubeObject[]>,
): Admission {
  return async ({ operation, kind, object, subresource }) => {
    if (operation !== 'CREATE' || subresource !== undefined || kind.group !== '') return
    const isPod = kind.plural === 'pods'
    if ((!isPod && kind.plural !== 'persistentvolumeclaims') || !object.spec) return
    const ranges = await listRanges(object.metadata.namespace ?? '')
    if (ranges.length === 0) return
    if (isPod) fillIn(object, ranges)
    const faults = isPod ? limitFaults(object.spec, ranges) : claimFaults(object.spec, ranges)
    if (faults.length === 0) return
    const why = faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`
    throw forbidden(kind, object.metadata.name ?? '', why)
  }
}

function fillIn(pod: KubeObject, ranges: readonly KubeObject[]): void {
  const notes = applyLimitDefaults(pod.spec!, ranges)
  if (notes.length === 0) return
  const text = `LimitRanger plugin set: ${notes.join('; ')}`
  pod.metadata.annotations = { ...pod.metadata.annotations, [note]: text }
  // What a pod asks for decides how it is treated.
  pod.status = { ...pod.status, qosClass: qosClass(pod.spec!) }
}

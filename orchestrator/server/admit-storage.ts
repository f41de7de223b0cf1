import { hasFinalizer } from '../api/finalizers.ts'
import type { Kind } from '../api/kind.ts'
import { textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import { parseQuantity } from '../api/quantity.ts'
import { forbidden } from '../api/status-error.ts'
import { findDefaultClass } from '../api/volumes/default-class.ts'
import { claimProtection, volumeProtection } from '../api/volumes/names.ts'
import { classOf } from '../api/volumes/volume-match.ts'
import type { Admission, AdmissionRequest } from './admission.ts'

/**
 * Claims and volumes come with what protects them while they are in use, claims with a class, and none grows that
 * nobody can make grow: DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize of upstream.
 */
export function makeStorageAdmission(listClasses: () => Promise<readonly KubeObject[]>): Admission {
  return async (request) => {
    const { operation, kind, object, subresource } = request
    if (kind.group !== '' || subresource !== undefined) return
    if (kind.kind === 'PersistentVolume' && operation === 'CREATE')
      protect(object, volumeProtection)
    if (kind.kind !== 'PersistentVolumeClaim') return
    if (operation === 'UPDATE') return requireGrowth(request, kind, listClasses)
    if (operation !== 'CREATE') return
    protect(object, claimProtection)
    const isUnnamed = object.spec?.['storageClassName'] === undefined && classOf(object) === ''
    const name = isUnnamed ? findDefaultClass(await listClasses()) : undefined
    if (object.spec && name !== undefined) object.spec['storageClassName'] = name
  }
}

function protect(object: KubeObject, finalizer: string): void {
  if (hasFinalizer(object, finalizer)) return
  object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer]
}

const requestPath = ['spec', 'resources', 'requests', 'storage']

async function requireGrowth(
  { object, current }: AdmissionRequest,
  kind: Kind,
  listClasses: () => Promise<readonly KubeObject[]>,
): Promise<void> {
  const before = parseQuantity(valueAt(current, requestPath)) ?? 0
  const after = parseQuantity(valueAt(object, requestPath)) ?? 0
  if (after <= before) return
  const name = object.metadata.name ?? ''
  if (textAt(current, ['status', 'phase']) !== 'Bound')
    throw forbidden(kind, name, 'Only bound persistent volume claims can be expanded')
  const chosen = (await listClasses()).find(({ metadata }) => metadata.name === classOf(object))
  if (chosen?.['allowVolumeExpansion'] === true) return
  throw forbidden(
    kind,
    name,
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  )
}

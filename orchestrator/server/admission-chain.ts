import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { Store } from '../store/store.ts'
import { chainAdmission } from './admission.ts'
import type { Admission } from './admission.ts'
import { makeLimitAdmission } from './admit-limits.ts'
import { makeNamespaceAdmission } from './admit-namespace.ts'
import { makePodSecurityAdmission } from './admit-pod-security.ts'
import { makePodAdmission } from './admit-pod.ts'
import { makeServiceAccountAdmission } from './admit-service-account.ts'
import { makeServiceAdmission } from './admit-service.ts'
import { admitSigningRequest } from './admit-signing-request.ts'
import { makeStorageAdmission } from './admit-storage.ts'
import { warnOfUnacted } from './admit-unacted.ts'
import type { KindRegistry } from './kind-registry.ts'
import { everything, listObjects } from './list-objects.ts'
import { restrictNodes } from './node/restrict-nodes.ts'
import { readObject } from './object-storage.ts'
import type { ObjectStorage } from './object-storage.ts'
import { makeQuotaAdmission } from './quota/admit-quota.ts'
import { countUsage } from './quota/count-usage.ts'
import { makeRoleAdmission } from './rbac/admit-roles.ts'
import type { RoleAuthorizer } from './rbac/authorize-roles.ts'
import { nameSuffix } from './resource-service.ts'
import type { Change } from './resource-service.ts'

export interface AdmissionParts {
  readonly store: Store
  readonly storage: ObjectStorage
  readonly registry: KindRegistry
  readonly roles: RoleAuthorizer
  /** Change the status of an object in the server's own name. */
  readonly updateStatus: (kind: Kind, object: KubeObject, change: Change) => Promise<unknown>
  /** Pods run as service accounts. */
  readonly serviceAccounts: boolean
  /** Seconds that pods stay on a node that has fallen silent; absent: 300. */
  readonly podPatience: number | undefined
}

/** Every step of admission. Quotas come last: what another step refuses uses up nothing. */
export function makeAdmission(parts: AdmissionParts): Admission {
  const { store, storage, registry, roles } = parts
  const kindOf = (kind: string): Kind => registry.byKind('v1', kind)!
  const storageClass = registry.byKind('storage.k8s.io/v1', 'StorageClass')!
  const priorityClass = registry.byKind('scheduling.k8s.io/v1', 'PriorityClass')!
  const read = async (kind: Kind, name: string, namespace?: string) => {
    const { value, revision } = await storage.get(kind, namespace, name)
    return readObject(kind, value, revision)
  }
  const list = async (kind: Kind, namespace?: string) =>
    (await listObjects(store, kind, { ...everything, namespace })).items
  const readNamespace = (name: string) => read(kindOf('Namespace'), name)
  const quotaKind = kindOf('ResourceQuota')
  return chainAdmission([
    makeLimitAdmission((namespace) => list(kindOf('LimitRange'), namespace)),
    makeRoleAdmission(roles),
    restrictNodes,
    admitSigningRequest,
    makeNamespaceAdmission(readNamespace),
    ...(parts.serviceAccounts
      ? [
          makeServiceAccountAdmission(
            (namespace, name) => read(kindOf('ServiceAccount'), name, namespace),
            nameSuffix,
          ),
        ]
      : []),
    makePodAdmission(
      { get: (name) => read(priorityClass, name), list: () => list(priorityClass) },
      parts.podPatience,
    ),
    makeStorageAdmission(() => list(storageClass)),
    makePodSecurityAdmission({
      readNamespace,
      listPods: (namespace) => list(kindOf('Pod'), namespace),
    }),
    warnOfUnacted,
    makeServiceAdmission(() => list(kindOf('Service'))),
    makeQuotaAdmission({
      list: (namespace) => list(quotaKind, namespace),
      count: (quota) => countUsage(store, registry, quota),
      updateStatus: async (quota, change) => {
        const count: Change = async (current) => ({ ...current, status: await change(current) })
        await parts.updateStatus(quotaKind, quota, count)
      },
    }),
  ])
}

import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { bootstrapRoles } from '../api/rbac/bootstrap-roles.ts'
import { StatusError } from '../api/status-error.ts'
import { defaultClass, localPathClass, localPathProvisioner } from '../api/volumes/names.ts'
import type { User } from './http-message.ts'
import type { KindRegistry } from './kind-registry.ts'
import type { ResourceService } from './resource-service.ts'

/** Who the server is when it writes for itself. */
export const serverUser: User = {
  name: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/** For claims that name no class: a folder on the node of the first pod that uses the claim. */
const localPath: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: localPathClass, annotations: { [defaultClass]: 'true' } },
  provisioner: localPathProvisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
}

/** What is there from the beginning; what is there already is left alone. */
export async function bootstrap(resources: ResourceService, registry: KindRegistry): Promise<void> {
  const kindOf = (apiVersion: string, kind: string): Kind => registry.byKind(apiVersion, kind)!
  const make = (kind: Kind, namespace: string | undefined, object: KubeObject) =>
    createOnce(resources, kind, namespace, object)
  for (const name of namespaces)
    await make(kindOf('v1', 'Namespace'), undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    })
  await make(kindOf('storage.k8s.io/v1', 'StorageClass'), undefined, localPath)
  const { roles, bindings } = bootstrapRoles()
  for (const object of [...roles, ...bindings])
    await make(kindOf(object.apiVersion, object.kind), undefined, object)
  for (const [name, value] of [
    ['system-cluster-critical', 2_000_000_000],
    ['system-node-critical', 2_000_001_000],
  ] as const)
    await make(kindOf('scheduling.k8s.io/v1', 'PriorityClass'), undefined, {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      description: 'For what the cluster cannot be without.',
    })
}

async function createOnce(
  resources: ResourceService,
  kind: Kind,
  namespace: string | undefined,
  object: KubeObject,
): Promise<void> {
  try {
    await resources.create(kind, namespace, object, { user: serverUser, dryRun: false })
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'AlreadyExists') throw error
  }
}

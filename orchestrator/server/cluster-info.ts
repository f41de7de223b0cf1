import { createHmac } from 'node:crypto'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { readBootstrapToken } from './bootstrap-tokens.ts'
import { serverUser } from './bootstrap.ts'
import { everything, listObjects } from './list-objects.ts'
import { followKind } from './follow-kind.ts'

// What a machine without credentials may read: where the server is and who its authority is, signed with each join
// token, so that who has a token knows that it is true. kube-public/cluster-info, as `kubeadm join` reads it.

const namespace = 'kube-public'
const name = 'cluster-info'
const write = { user: serverUser, dryRun: false }
const rbac = 'rbac.authorization.k8s.io'

/** Keep it true. @param kubeconfig a cluster without a user */
export async function startClusterInfo(
  context: ApiContext,
  kubeconfig: string,
): Promise<{ stop(): Promise<void> }> {
  await makeReadable(context)
  const secrets = context.registry.byKind('v1', 'Secret')!
  let last: Promise<void> = Promise.resolve()
  const refresh = (object: KubeObject) => {
    if (object.metadata.namespace !== 'kube-system') return
    if (!object.metadata.name?.startsWith('bootstrap-token-')) return
    last = last.then(() => publish(context, kubeconfig)).catch(() => undefined)
  }
  await publish(context, kubeconfig)
  const follower = await followKind(context.store, secrets, { onObject: refresh, onGone: refresh })
  return {
    stop: async () => {
      follower.stop()
      await last
    },
  }
}

async function publish(
  { store, registry, resources }: ApiContext,
  kubeconfig: string,
): Promise<void> {
  const all = { ...everything, namespace: 'kube-system' }
  const { items } = await listObjects(store, registry.byKind('v1', 'Secret')!, all)
  const signatures = items.flatMap((object) => {
    const token = readBootstrapToken(object, new Date())
    if (!token?.signs) return []
    const key = `jws-kubeconfig-${token.id}`
    return [[key, sign(kubeconfig, token.id, `${token.id}.${token.secret}`)]]
  })
  const data = { kubeconfig, ...(Object.fromEntries(signatures) as object) }
  const kind = registry.byKind('v1', 'ConfigMap')!
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
  await make(() => resources.create(kind, namespace, object, write))
  await resources.update(kind, namespace, name, (current) => ({ ...current, data }), write)
}

/** A JSON web signature without the text that it signs. */
export function sign(text: string, id: string, token: string): string {
  const encode = (value: string) => Buffer.from(value).toString('base64url')
  const header = encode(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = createHmac('sha256', token)
    .update(`${header}.${encode(text)}`)
    .digest('base64url')
  return `${header}..${signature}`
}

async function makeReadable({ registry, resources }: ApiContext): Promise<void> {
  const metadata = { name: 'kubeadm:bootstrap-signer-clusterinfo' }
  const apiVersion = `${rbac}/v1`
  const role = {
    apiVersion,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] }],
  }
  const binding = {
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: metadata.name },
    subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:anonymous' }],
  }
  for (const object of [role, binding])
    await make(() =>
      resources.create(registry.byKind(apiVersion, object.kind)!, namespace, object, write),
    )
}

async function make(create: () => Promise<KubeObject>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'AlreadyExists') throw error
  }
}

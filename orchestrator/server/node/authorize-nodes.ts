import type { Kind } from '../../api/kind.ts'
import { textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Store } from '../../store/store.ts'
import type { Authorize } from '../authorize.ts'
import { followKind } from '../follow-kind.ts'
import { podReferences } from './pod-references.ts'

// A node reads only what pods on it refer to; what every node may do is a role.
// https://kubernetes.io/docs/reference/access-authn-authz/node/

const prefix = 'system:node:'
const group = 'system:nodes'
const readVerbs = new Set(['get', 'list', 'watch'])
const referred = new Set(['secrets', 'configmaps', 'persistentvolumeclaims', 'serviceaccounts'])

/** The name of the node whose credentials these are. */
export function nodeNameOf(user: { name: string; groups: readonly string[] }): string | undefined {
  const isNode = user.name.startsWith(prefix) && user.groups.includes(group)
  return isNode ? user.name.slice(prefix.length) : undefined
}

export interface NodeAuthorizer {
  readonly authorize: Authorize
  stop(): void
}

export async function makeNodeAuthorizer(store: Store, pods: Kind): Promise<NodeAuthorizer> {
  /** Node → pod → what it refers to. */
  const nodes = new Map<string, Map<string, ReadonlySet<string>>>()
  const place = new Map<string, string>()

  function forget(uid: string): void {
    const node = place.get(uid)
    if (node === undefined) return
    place.delete(uid)
    const held = nodes.get(node)
    held?.delete(uid)
    if (held?.size === 0) nodes.delete(node)
  }

  function learn(pod: KubeObject): void {
    const { uid = '' } = pod.metadata
    forget(uid)
    const node = textAt(pod, ['spec', 'nodeName'])
    if (!node) return
    const held = nodes.get(node) ?? new Map<string, ReadonlySet<string>>()
    nodes.set(node, held.set(uid, podReferences(pod)))
    place.set(uid, node)
  }

  const follower = await followKind(store, pods, {
    onObject: learn,
    onGone: ({ metadata }) => forget(metadata.uid ?? ''),
  })
  const refersTo = (node: string, reference: string): boolean =>
    [...(nodes.get(node)?.values() ?? [])].some((references) => references.has(reference))
  return {
    stop: () => follower.stop(),
    authorize: async ({ user, verb, resource }) => {
      const node = nodeNameOf(user)
      if (node === undefined || resource?.group !== '') return { allowed: false }
      const { resource: plural, subresource, namespace, name } = resource
      if (namespace === undefined || name === undefined) return { allowed: false }
      const reads = subresource === undefined && readVerbs.has(verb)
      const asksToken = plural === 'serviceaccounts' && subresource === 'token' && verb === 'create'
      if (!referred.has(plural) || !(reads || asksToken)) return { allowed: false }
      return { allowed: refersTo(node, `${plural}/${namespace}/${name}`) }
    },
  }
}

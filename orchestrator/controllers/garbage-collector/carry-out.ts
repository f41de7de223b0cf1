import type { KubeObject } from '../../api/object.ts'
import type { Client } from '../../client/client.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { isStatus } from '../writes/run-writes.ts'
import { foregroundFinalizer, orphanFinalizer } from './decide.ts'
import type { Decision } from './decide.ts'
import type { OwnershipGraph } from './ownership-graph.ts'

export interface CollectionTools {
  readonly client: Client
  readonly graph: OwnershipGraph
  /** Look at an object soon. */
  readonly add: (uid: string) => void
}

/** @returns whether anything was written */
export async function carryOut(
  { client, graph, add }: CollectionTools,
  object: KubeObject,
  decision: Decision,
): Promise<boolean> {
  const { uid = '', resourceVersion = '' } = object.metadata
  switch (decision.verb) {
    case 'keep':
      return false
    case 'disown':
      await client.update(disowned(object, decision.uids))
      return true
    case 'delete':
      await client.delete(object, placeOf(object), {
        propagationPolicy: decision.policy,
        preconditions: { uid, resourceVersion },
      })
      return true
    case 'orphan dependents':
      await Promise.all(graph.dependentsOf(uid).map((one) => orphan(client, one, uid)))
      await client.update(withoutFinalizer(object, orphanFinalizer))
      return true
    case 'await dependents':
      for (const dependent of graph.dependentsOf(uid))
        if (!isTerminating(dependent)) add(dependent.metadata.uid ?? '')
      if (!decision.blocked) await client.update(withoutFinalizer(object, foregroundFinalizer))
      return !decision.blocked
  }
}

/** The object as the server has it now; undefined when it is gone, or another has its name. */
export async function readLive(client: Client, known: KubeObject): Promise<KubeObject | undefined> {
  try {
    const live = await client.get(known, placeOf(known))
    return live.metadata.uid === known.metadata.uid ? live : undefined
  } catch (error) {
    if (isStatus(error, 404)) return undefined
    throw error
  }
}

async function orphan(client: Client, known: KubeObject, owner: string): Promise<void> {
  const live = await readLive(client, known)
  if (live?.metadata.ownerReferences?.some(({ uid }) => uid === owner))
    await client.update(disowned(live, new Set([owner])))
}

function disowned(object: KubeObject, uids: ReadonlySet<string>): KubeObject {
  const ownerReferences = object.metadata.ownerReferences?.filter(({ uid }) => !uids.has(uid)) ?? []
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

function withoutFinalizer(object: KubeObject, name: string): KubeObject {
  const finalizers = object.metadata.finalizers?.filter((each) => each !== name) ?? []
  return { ...object, metadata: { ...object.metadata, finalizers } }
}

function placeOf({ metadata: { name = '', namespace } }: KubeObject) {
  return { name, namespace }
}

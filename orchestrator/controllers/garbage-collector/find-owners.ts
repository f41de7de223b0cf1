import type { KubeObject, OwnerReference } from '../../api/object.ts'
import type { Client } from '../../client/client.ts'
import { isStatus } from '../writes/run-writes.ts'
import { groupKind } from './collectable-kinds.ts'
import type { CollectableKind } from './collectable-kinds.ts'
import { awaitsDependents } from './decide.ts'
import type { OwnerState } from './decide.ts'
import { ownersOf } from './ownership-graph.ts'
import type { OwnershipGraph } from './ownership-graph.ts'

export interface OwnerSearch {
  readonly client: Client
  readonly graph: OwnershipGraph
  readonly kindOf: (owner: OwnerReference) => CollectableKind | undefined
  /** Told of an owner that cannot own the object, being in another namespace. */
  readonly onMisplaced: (object: KubeObject, message: string) => void
}

/** How the owners of an object are, by uid. @throws StatusError, or Error for a kind that the server does not have */
export async function findOwners(
  search: OwnerSearch,
  object: KubeObject,
): Promise<ReadonlyMap<string, OwnerState>> {
  const states = await Promise.all(
    ownersOf(object).map(
      async (owner) => [owner.uid, await findOwner(search, object, owner)] as const,
    ),
  )
  return new Map(states)
}

async function findOwner(
  { client, graph, kindOf, onMisplaced }: OwnerSearch,
  object: KubeObject,
  owner: OwnerReference,
): Promise<OwnerState> {
  const kind = kindOf(owner)
  if (!kind)
    throw new Error(`owner ${describe(owner)} of ${object.metadata.name} is of no known kind`)
  const { namespace } = object.metadata
  if (kind.namespaced && namespace === undefined) {
    onMisplaced(object, `ownerRef [${describe(owner)}] does not exist in namespace ""`)
    return 'solid'
  }
  const place = { name: owner.name, namespace: kind.namespaced ? namespace : undefined }
  const known = graph.get(owner.uid)
  if (known && isAt(known, owner, place)) return stateOf(known)
  if (known)
    onMisplaced(object, `ownerRef [${describe(owner)}] does not exist in namespace "${namespace}"`)
  try {
    const found = await client.get(kind, place)
    return found.metadata.uid === owner.uid ? stateOf(found) : 'absent'
  } catch (error) {
    if (isStatus(error, 404)) return 'absent'
    throw error
  }
}

function isAt(
  known: KubeObject,
  owner: OwnerReference,
  { name, namespace }: { name: string; namespace: string | undefined },
): boolean {
  const { metadata } = known
  const isPlaced = metadata.name === name && metadata.namespace === namespace
  return isPlaced && groupKind(known) === groupKind(owner)
}

function stateOf(owner: KubeObject): OwnerState {
  return awaitsDependents(owner) ? 'waiting' : 'solid'
}

function describe({ apiVersion, kind, name, uid }: OwnerReference): string {
  return `${apiVersion}/${kind}, name: ${name}, uid: ${uid}`
}

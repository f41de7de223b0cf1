import type { KubeObject } from '../../api/object.ts'
import { controllerOf, controllerReference, isControlledBy } from './ownership.ts'
import { isTerminating } from './pod-facts.ts'
import type { Write } from '../writes/write.ts'

export interface Claim {
  /** Those that are the owner's, the adopted ones as they will be. */
  readonly owned: KubeObject[]
  /** Adopts and releases. */
  readonly writes: Write[]
}

/**
 * Which of the candidates belong to the owner: its own that it still selects, and orphans that it selects, which it adopts.
 * Its own that it selects no longer are released. An owner that goes adopts and releases nothing.
 */
export function claim(
  owner: KubeObject,
  candidates: readonly KubeObject[],
  selects: (labels: Readonly<Record<string, string>> | undefined) => boolean,
): Claim {
  const owned: KubeObject[] = []
  const writes: Write[] = []
  for (const object of candidates) {
    const { labels } = object.metadata
    const mine = isControlledBy(object, owner)
    if (mine && selects(labels)) owned.push(object)
    else if (isTerminating(owner)) continue
    else if (mine) writes.push({ verb: 'update', object: released(object, owner) })
    else if (!controllerOf(object) && selects(labels) && !isTerminating(object)) {
      const adopted = withOwner(object, owner)
      owned.push(adopted)
      writes.push({ verb: 'update', object: adopted })
    }
  }
  return { owned, writes }
}

function withOwner(object: KubeObject, owner: KubeObject): KubeObject {
  const others = object.metadata.ownerReferences ?? []
  const ownerReferences = [...others, controllerReference(owner)]
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

function released(object: KubeObject, owner: KubeObject): KubeObject {
  const others = object.metadata.ownerReferences ?? []
  const ownerReferences = others.filter(({ uid }) => uid !== owner.metadata.uid)
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

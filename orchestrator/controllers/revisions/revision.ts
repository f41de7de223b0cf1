import { createHash } from 'node:crypto'
import { isObject, numberAt, sameJson, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { controllerReference } from '../objects/ownership.ts'
import type { Write } from '../writes/write.ts'

// ControllerRevisions: what the template of a DaemonSet or StatefulSet was. `kubectl rollout undo` sends the data of one
// back to the server as a strategic merge patch, so its form is fixed.

export const revisionHashLabel = 'controller-revision-hash'

// As generated names: no vowels, so that no words come about, and nothing that is easily taken for something else.
const hashLetters = 'bcdfghjklmnpqrstvwxz2456789'
const hashLength = 10

/** The patch that brings a set back to this template. */
export function revisionData(template: unknown): JsonObject {
  const content = isObject(template) ? template : {}
  return { spec: { template: { ...content, $patch: 'replace' } } }
}

/** A short name for data, as labels can carry it. @param collisions how often the name was taken by other data */
export function revisionHash(data: JsonObject, collisions = 0): string {
  const digest = createHash('sha256')
    .update(`${sortedText(data)}${collisions || ''}`)
    .digest()
  return Array.from(
    digest.subarray(0, hashLength),
    (byte) => hashLetters[byte % hashLetters.length],
  ).join('')
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    isObject(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  )
}

export function revisionNumber(revision: KubeObject): number {
  return numberAt(revision, ['revision']) ?? 0
}

export function hashOf(object: KubeObject): string | undefined {
  return object.metadata.labels?.[revisionHashLabel]
}

/** The template that a revision stands for. */
export function templateOf(revision: KubeObject): unknown {
  const template = valueAt(revision, ['data', 'spec', 'template'])
  if (!isObject(template)) return undefined
  const { $patch: _, ...rest } = template
  return rest
}

export interface RevisionPlan {
  /** The revision of the template as it is now; it may not be written yet. */
  readonly current: KubeObject
  /** All others, oldest first. */
  readonly others: KubeObject[]
  readonly writes: Write[]
}

/** Find or make the revision of the owner's template. One that was there before becomes the newest again. */
export function planRevision(
  owner: KubeObject,
  revisions: readonly KubeObject[],
  labels: Record<string, string>,
): RevisionPlan {
  const data = revisionData(valueAt(owner, ['spec', 'template']))
  const sorted = revisions.toSorted((a, b) => revisionNumber(a) - revisionNumber(b))
  const newest = Math.max(0, ...sorted.map(revisionNumber))
  const found = sorted.findLast((revision) => sameJson(revision['data'], data))
  if (!found) {
    const collisions = numberAt(owner, ['status', 'collisionCount']) ?? 0
    const current = makeRevision(owner, data, labels, newest + 1, collisions)
    return { current, others: sorted, writes: [{ verb: 'create', object: current }] }
  }
  const others = sorted.filter((revision) => revision !== found)
  if (revisionNumber(found) === newest) return { current: found, others, writes: [] }
  const current = { ...found, revision: newest + 1 }
  return { current, others, writes: [{ verb: 'update', object: current }] }
}

function makeRevision(
  owner: KubeObject,
  data: JsonObject,
  labels: Record<string, string>,
  revision: number,
  collisions: number,
): KubeObject {
  const hash = revisionHash(data, collisions)
  const { name = '', namespace } = owner.metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [revisionHashLabel]: hash },
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  }
}

/** Delete the oldest revisions that no pod runs and that are more than the owner wants to keep. */
export function planRevisionHistory(
  owner: KubeObject,
  others: readonly KubeObject[],
  inUse: ReadonlySet<string | undefined>,
): Write[] {
  const limit = numberAt(owner, ['spec', 'revisionHistoryLimit']) ?? 10
  const unused = others.filter((revision) => !inUse.has(hashOf(revision)))
  return unused
    .slice(0, Math.max(0, unused.length - limit))
    .map((object) => ({ verb: 'delete', object }))
}

import { OperationError } from '../../native/error.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { alreadyExists, conflict, notFound } from '../api/status-error.ts'
import type { Store, StoredEntry } from '../store/store.ts'

// Objects in the store: JSON without the resource version, which is the revision of the entry.

const root = '/registry'

/** Everything of a kind, or of a kind in one namespace. */
export function keyPrefix(kind: Kind, namespace?: string): string {
  return `${root}/${kind.storage}/${namespace === undefined ? '' : `${namespace}/`}`
}

export function objectKey(kind: Kind, namespace: string | undefined, name: string): string {
  return keyPrefix(kind, kind.namespaced ? namespace : undefined) + name
}

/** The object of an entry, as the kind shows it. */
export function readObject(kind: Kind, value: string, revision: number): KubeObject {
  const object = parseStored(kind, value, revision)
  object.metadata.resourceVersion = String(revision)
  return kind.conversion ? kind.conversion.fromStored(object) : object
}

function parseStored(kind: Kind, value: string, revision: number): KubeObject {
  try {
    return JSON.parse(value) as KubeObject
  } catch (cause) {
    const [name = '?'] = /(?<="name":")[^"]*/.exec(value) ?? []
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read an object of the store: it is damaged',
      { kind: kind.kind, name, revision },
      { cause, hint: 'Put a backup of the store in its place with "myorch restore"' },
    )
  }
}

export function writeObject(object: KubeObject): string {
  const { resourceVersion: _revision, ...metadata } = object.metadata
  return JSON.stringify({ ...object, metadata })
}

export interface ObjectStorage {
  /** As it is stored. @throws StatusError 404 */
  get(kind: Kind, namespace: string | undefined, name: string): Promise<StoredEntry>
  /** @returns the object with its resource version @throws StatusError 409 */
  create(kind: Kind, object: KubeObject): Promise<KubeObject>
  /** @throws StatusError 404, 409 */
  update(kind: Kind, object: KubeObject, revision: number): Promise<KubeObject>
  /** @returns the revision of the deletion @throws StatusError 404, 409 */
  delete(kind: Kind, object: KubeObject, revision: number): Promise<number>
}

export function makeObjectStorage(store: Store): ObjectStorage {
  async function attempt(kind: Kind, name: string, write: () => Promise<number>): Promise<number> {
    try {
      return await write()
    } catch (error) {
      if (error instanceof OperationError) {
        if (error.code === 'ALREADY_EXISTS') throw alreadyExists(kind, name)
        if (error.code === 'CONFLICT') throw conflict(kind, name)
        if (error.code === 'NOT_FOUND') throw notFound(kind, name)
      }
      throw error
    }
  }

  const keyOf = (kind: Kind, { metadata }: KubeObject) =>
    objectKey(kind, metadata.namespace, metadata.name ?? '')

  const withRevision = (object: KubeObject, revision: number): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(revision) },
  })

  return {
    get: async (kind, namespace, name) => {
      const entry = await store.get(objectKey(kind, namespace, name))
      if (!entry) throw notFound(kind, name)
      return entry
    },
    create: async (kind, object) => {
      const name = object.metadata.name ?? ''
      const revision = await attempt(kind, name, () =>
        store.create(keyOf(kind, object), writeObject(object)),
      )
      return withRevision(object, revision)
    },
    update: async (kind, object, at) => {
      const name = object.metadata.name ?? ''
      const revision = await attempt(kind, name, () =>
        store.update(keyOf(kind, object), writeObject(object), at),
      )
      return withRevision(object, revision)
    },
    delete: (kind, object, at) =>
      attempt(kind, object.metadata.name ?? '', () => store.delete(keyOf(kind, object), at)),
  }
}

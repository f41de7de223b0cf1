import { OperationError } from '../../../native/error.ts'
import { isDigest } from '../../reference.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { CacheEntry } from './step-cache.ts'

// How steps travel through a registry: an artifact whose configuration lists them by key and whose
// layers are theirs. A layer comes only where a build wants its step.

export const cacheArtifactType = 'application/vnd.mycontainer.build-cache.v1'
export const cacheConfigType = 'application/vnd.mycontainer.build-cache.v1+json'

type Fields = Readonly<Record<string, unknown>>

export function formatCacheDocument(entries: ReadonlyMap<string, CacheEntry>): Buffer {
  const steps = [...entries]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, { parentChain, layer, created }]) => ({ key, parentChain, created, layer }))
  return Buffer.from(JSON.stringify({ version: 1, steps }))
}

/** @throws {OperationError} `INVALID_IMAGE` */
export function parseCacheDocument(text: string): Map<string, CacheEntry> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw new OperationError('INVALID_IMAGE', 'parse a build cache', {}, { cause })
  }
  const { version, steps } = fields(document)
  if (version !== 1 || !Array.isArray(steps)) throw wrong('version')
  return new Map(steps.map((step): [string, CacheEntry] => parseStep(fields(step))))
}

function parseStep({ key, parentChain, created, layer }: Fields): [string, CacheEntry] {
  const below = parentChain === '' ? '' : digest(parentChain, 'parentChain')
  const time = typeof created === 'string' && !Number.isNaN(Date.parse(created)) ? created : ''
  if (time === '') throw wrong('created')
  const made = layer === undefined ? undefined : parseLayer(fields(layer))
  return [digest(key, 'key'), { parentChain: below, layer: made, created: time }]
}

function parseLayer(layer: Fields): StoredLayer {
  const { compression } = layer
  if (compression !== 'none' && compression !== 'gzip' && compression !== 'zstd')
    throw wrong('compression')
  return {
    digest: digest(layer['digest'], 'digest'),
    diffId: digest(layer['diffId'], 'diffId'),
    chainId: digest(layer['chainId'], 'chainId'),
    blobSize: count(layer['blobSize'], 'blobSize'),
    size: count(layer['size'], 'size'),
    compression,
  }
}

function fields(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrong('steps')
}

function digest(value: unknown, name: string): string {
  if (typeof value === 'string' && value.startsWith('sha256:') && isDigest(value)) return value
  throw wrong(name)
}

function count(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value)
  throw wrong(name)
}

function wrong(field: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a build cache', { field })
}

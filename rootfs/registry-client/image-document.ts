import { OperationError } from '../../native/error.ts'
import { isDigest } from '../reference.ts'
import { isIndexType, isImageManifestType } from './manifest-types.ts'

// Manifests and indexes as far as copying them needs: what they name. Artifacts of any type too. Pure.

export interface ContentDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly urls: readonly string[]
  readonly platform: PlatformFields | undefined
}

export interface PlatformFields {
  readonly os: string
  readonly architecture: string
  readonly variant: string | undefined
}

export type ImageDocument =
  | { readonly kind: 'index'; readonly manifests: readonly ContentDescriptor[] }
  | {
      readonly kind: 'manifest'
      readonly config: ContentDescriptor
      readonly layers: readonly ContentDescriptor[]
    }

type Fields = Readonly<Record<string, unknown>>

const maxDescriptors = 10_000

/**
 * @param mediaType of the descriptor or the answer that led here; empty where nobody said
 * @throws {OperationError} `INVALID_IMAGE`, with the field; `UNSUPPORTED` for an unknown media type
 */
export function readImageDocument(content: Buffer, mediaType: string): ImageDocument {
  const document = parse(content)
  const own = document['mediaType']
  const isIndex = 'manifests' in document
  // What is both would be read in two ways by two programs.
  if (isIndex && ('layers' in document || 'config' in document))
    throw wrong('manifests', 'a document that is not manifest and index at once')
  const type = typeof own === 'string' ? own : mediaType
  requireKnownType(type, isIndex)
  if (document['schemaVersion'] !== 2) throw wrong('schemaVersion', '2')
  if (isIndex) return { kind: 'index', manifests: descriptors(document['manifests'], 'manifests') }
  return {
    kind: 'manifest',
    config: descriptor(document['config'], 'config'),
    layers: descriptors(document['layers'] ?? [], 'layers'),
  }
}

function parse(content: Buffer): Fields {
  try {
    return fields(JSON.parse(content.toString()), 'manifest')
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    throw new OperationError('INVALID_IMAGE', 'parse JSON', { document: 'manifest' }, { cause })
  }
}

function requireKnownType(type: string, isIndex: boolean): void {
  if (type === '' || !type.startsWith('application/vnd.')) return
  if (isIndexType(type) ? isIndex : isImageManifestType(type) && !isIndex) return
  if (isIndexType(type) || isImageManifestType(type))
    throw wrong('mediaType', 'that of what the document is')
  throw new OperationError(
    'UNSUPPORTED',
    'read a manifest',
    { mediaType: type.slice(0, 100) },
    { hint: 'Known are OCI manifests and indexes, and docker manifests and lists of schema 2' },
  )
}

function descriptors(value: unknown, path: string): ContentDescriptor[] {
  if (!Array.isArray(value)) throw wrong(path, 'an array')
  if (value.length > maxDescriptors) throw wrong(path, `at most ${maxDescriptors} entries`)
  return value.map((item, at) => descriptor(item, `${path}[${at}]`))
}

function descriptor(value: unknown, path: string): ContentDescriptor {
  const { mediaType, digest, size, urls, platform } = fields(value, path)
  if (typeof mediaType !== 'string') throw wrong(`${path}.mediaType`, 'a string')
  if (typeof digest !== 'string' || !isDigest(digest)) throw wrong(`${path}.digest`, 'a digest')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw wrong(`${path}.size`, 'a size in bytes')
  return {
    mediaType,
    digest,
    size,
    urls: Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [],
    platform: platform === undefined ? undefined : readPlatformFields(platform, path),
  }
}

function readPlatformFields(value: unknown, path: string): PlatformFields {
  const { os, architecture, variant } = fields(value, `${path}.platform`)
  return {
    os: String(os),
    architecture: String(architecture),
    variant: typeof variant === 'string' ? variant : undefined,
  }
}

function fields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrong(path, 'an object')
}

function wrong(field: string, expected: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a manifest', { field, expected })
}

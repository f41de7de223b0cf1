import {
  type ManifestShape,
  isSchema1,
  ociIndex,
  ociManifest,
  shapeOfMediaType,
} from './media-types.ts'
import { isDigest } from '../reference.ts'
import { refusal } from './registry-error.ts'

/** What a manifest says that a registry must know. It is stored as it came, byte for byte. */
export interface ManifestDocument {
  readonly mediaType: string
  /** Blobs that must be there. */
  readonly blobs: readonly Target[]
  /** Manifests that must be there. */
  readonly manifests: readonly Target[]
  readonly subject: string | undefined
  readonly artifactType: string | undefined
  /** JSON object. */
  readonly annotations: string | undefined
}

/** Content that a descriptor names. */
export interface Target {
  readonly digest: string
  readonly size: number
}

type Fields = Readonly<Record<string, unknown>>

const maxTargets = 10_000

/**
 * Read a manifest or index, and refuse what could be read as both.
 *
 * @param contentType of the request, without parameters; undefined where it had none
 * @throws {RegistryError} `MANIFEST_INVALID`
 */
export function readManifest(bytes: Buffer, contentType: string | undefined): ManifestDocument {
  const document = requireFields(parse(bytes), 'the manifest')
  const own = document['mediaType']
  if (own !== undefined && typeof own !== 'string') throw invalid('mediaType must be a string')
  if (own !== undefined && contentType !== undefined && own !== contentType)
    throw invalid(`its mediaType is ${own.slice(0, 200)}, its Content-Type ${contentType}`)
  const mediaType = own ?? contentType ?? ('manifests' in document ? ociIndex : ociManifest)
  const shape = shapeOf(mediaType)
  requireShape(document, shape)
  const config = shape === 'manifest' ? requireDescriptor(document['config'], 'config') : undefined
  const targets = (field: string): Fields[] =>
    requireList(document[field], field).map((item, at) =>
      requireDescriptor(item, `${field}[${at}]`),
    )
  const listed = shape === 'index' ? targets('manifests') : targets(listField[shape])
  return {
    mediaType,
    blobs:
      shape === 'index'
        ? []
        : [...(config ? [config] : []), ...listed].filter(isStoredHere).map(toTarget),
    manifests: shape === 'index' ? listed.map(toTarget) : [],
    subject: readSubject(document),
    artifactType: readArtifactType(document, config),
    annotations: readAnnotations(document),
  }
}

const listField = { manifest: 'layers', artifact: 'blobs' } as const

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    throw invalid('it is not JSON')
  }
}

function shapeOf(mediaType: string): ManifestShape {
  const shape = shapeOfMediaType(mediaType)
  if (shape) return shape
  if (isSchema1(mediaType)) throw invalid('manifests of schema 1 are not supported; use schema 2')
  throw invalid(`${mediaType.slice(0, 200)} is no type of manifest that this registry knows`)
}

/** A document that one reader takes for an image and another for an index (CVE-2021-41190). */
function requireShape(document: Fields, shape: ManifestShape): void {
  if (document['schemaVersion'] !== 2 && shape !== 'artifact')
    throw invalid('schemaVersion must be 2')
  const others = shape === 'index' ? ['config', 'layers', 'fsLayers'] : ['manifests', 'fsLayers']
  for (const field of others)
    if (Object.hasOwn(document, field)) throw invalid(`it has "${field}", which its type has not`)
}

/** Layers that may not be distributed stay where their URLs say. */
function isStoredHere({ mediaType, urls }: Fields): boolean {
  const isForeign = /nondistributable|\.foreign\./.test(String(mediaType))
  return !isForeign && !(Array.isArray(urls) && urls.length > 0)
}

function readSubject(document: Fields): string | undefined {
  const subject = document['subject']
  if (subject === undefined || subject === null) return undefined
  return toTarget(requireDescriptor(subject, 'subject')).digest
}

function readArtifactType(document: Fields, config: Fields | undefined): string | undefined {
  const type = document['artifactType']
  if (typeof type === 'string' && type !== '') return type
  return config && String(config['mediaType'])
}

function readAnnotations(document: Fields): string | undefined {
  const annotations = document['annotations']
  if (annotations === undefined || annotations === null) return undefined
  for (const value of Object.values(requireFields(annotations, 'annotations')))
    if (typeof value !== 'string') throw invalid('annotations must be strings')
  return JSON.stringify(annotations)
}

function requireDescriptor(value: unknown, path: string): Fields {
  const descriptor = requireFields(value, path)
  const { mediaType, digest, size } = descriptor
  if (typeof mediaType !== 'string' || mediaType === '')
    throw invalid(`${path}.mediaType must be a string`)
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`${path}.digest must be a sha256 or sha512 digest`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${path}.size must be a number of bytes`)
  return descriptor
}

function toTarget({ digest, size }: Fields): Target {
  return { digest: String(digest), size: Number(size) }
}

function requireList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(`${path} must be a list`)
  if (value.length > maxTargets) throw invalid(`${path} has more than ${maxTargets} entries`)
  return value
}

function requireFields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw invalid(`${path} must be an object`)
}

function invalid(reason: string): Error {
  return refusal(400, 'MANIFEST_INVALID', reason)
}

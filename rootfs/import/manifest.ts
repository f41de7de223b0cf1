import { OperationError } from '../../native/error.ts'
import { isDigest } from '../reference.ts'
import { parseJson } from '../store/image-config.ts'

// Manifests and indexes of OCI image 1.1 and docker schema 2. Pure.

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform: Platform | undefined
  readonly annotations: Readonly<Record<string, unknown>>
}

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant: string | undefined
}

export type ManifestDocument =
  | {
      readonly kind: 'manifest'
      readonly config: Descriptor
      readonly layers: readonly Descriptor[]
    }
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }

const kindsByMediaType: Readonly<Record<string, ManifestDocument['kind']>> = {
  'application/vnd.oci.image.manifest.v1+json': 'manifest',
  'application/vnd.docker.distribution.manifest.v2+json': 'manifest',
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
}
const configMediaTypes = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]
const layerMediaType =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.gzip|\.zstd)?)$/
const maxLayers = 500

type Fields = Readonly<Record<string, unknown>>

/**
 * Read a manifest or index and refuse what could be read as both.
 *
 * @param mediaType what the descriptor that led here says it is
 * @throws {OperationError} `INVALID_IMAGE`
 */
export function parseManifest(text: string, mediaType: string | undefined): ManifestDocument {
  const document = fields(parseJson(text, 'manifest'), 'manifest')
  const own = document['mediaType']
  if (own !== undefined && mediaType !== undefined && own !== mediaType)
    throw wrong('mediaType', `"${mediaType}", as its descriptor says`)
  if ('manifests' in document && ('layers' in document || 'config' in document))
    throw wrong('manifests', 'a document that is not manifest and index at once')
  if (document['schemaVersion'] !== 2) throw wrong('schemaVersion', '2')
  const kind = kindOf(document, typeof own === 'string' ? own : mediaType)
  if (kind === 'index') return { kind, manifests: descriptors(document['manifests'], 'manifests') }
  const config = descriptor(document['config'], 'config')
  const layers = descriptors(document['layers'], 'layers')
  if (layers.length > maxLayers) throw wrong('layers', `at most ${maxLayers} layers`)
  requireImageTypes(config, layers)
  return { kind, config, layers }
}

function kindOf(document: Fields, mediaType: string | undefined): ManifestDocument['kind'] {
  const byShape = 'manifests' in document ? 'index' : 'manifest'
  if (mediaType === undefined) return byShape
  const kind = Object.hasOwn(kindsByMediaType, mediaType) ? kindsByMediaType[mediaType] : undefined
  if (kind === undefined || kind !== byShape)
    throw wrong('mediaType', 'that of a manifest or index')
  return kind
}

/** Whether a media type is that of a manifest or an index. */
export function isManifestType(mediaType: string): boolean {
  return Object.hasOwn(kindsByMediaType, mediaType)
}

/** Whether it is a manifest of something that is no container image. */
export function isArtifact(content: Buffer): boolean {
  const document = fields(parseJson(content.toString(), 'manifest'), 'manifest')
  if ('manifests' in document || !('config' in document)) return false
  const { mediaType } = fields(document['config'], 'config')
  return typeof mediaType === 'string' && !configMediaTypes.includes(mediaType)
}

/** Everything that a manifest or index names, whatever it is for. @throws {OperationError} `INVALID_IMAGE` */
export function descriptorsIn(content: Buffer): Descriptor[] {
  const { config, layers, manifests } = fields(
    parseJson(content.toString(), 'manifest'),
    'manifest',
  )
  return [
    ...(config === undefined ? [] : [descriptor(config, 'config')]),
    ...(layers === undefined ? [] : descriptors(layers, 'layers')),
    ...(manifests === undefined ? [] : descriptors(manifests, 'manifests')),
  ]
}

function requireImageTypes(config: Descriptor, layers: readonly Descriptor[]): void {
  if (!configMediaTypes.includes(config.mediaType))
    throw new OperationError(
      'INVALID_IMAGE',
      'read a manifest',
      { 'config.mediaType': config.mediaType },
      { hint: 'This is an artifact and no container image' },
    )
  for (const [at, layer] of layers.entries())
    if (!layerMediaType.test(layer.mediaType)) throw wrong(`layers[${at}].mediaType`, 'a tar layer')
}

function descriptors(value: unknown, path: string): Descriptor[] {
  if (!Array.isArray(value)) throw wrong(path, 'an array')
  return value.map((item, at) => descriptor(item, `${path}[${at}]`))
}

function descriptor(value: unknown, path: string): Descriptor {
  const { mediaType, digest, size, platform, annotations, data } = fields(value, path)
  if (typeof mediaType !== 'string') throw wrong(`${path}.mediaType`, 'a string')
  // Before the digest becomes part of a path.
  if (typeof digest !== 'string' || !isDigest(digest) || !digest.startsWith('sha256:'))
    throw wrong(`${path}.digest`, 'sha256 and 64 hexadecimal digits')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw wrong(`${path}.size`, 'a size in bytes')
  // We never need embedded data; what contradicts its own descriptor is not believed at all.
  if (
    data !== undefined &&
    (typeof data !== 'string' || Buffer.from(data, 'base64').length !== size)
  )
    throw wrong(`${path}.data`, 'the content that digest and size speak of')
  return {
    mediaType,
    digest,
    size,
    platform: platform === undefined ? undefined : parsePlatform(platform, path),
    annotations: fields(annotations ?? {}, `${path}.annotations`),
  }
}

function parsePlatform(value: unknown, path: string): Platform {
  const { os, architecture, variant } = fields(value, `${path}.platform`)
  return {
    os: String(os),
    architecture: String(architecture),
    variant: typeof variant === 'string' ? variant : undefined,
  }
}

/** "linux/arm64" or "linux/arm/v7"; only an architecture is one of linux. */
export function readPlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  const [os = '', architecture = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts
  if (os === '' || architecture === '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a platform',
      { platform: text },
      { hint: 'Write it as os/architecture, e.g. linux/amd64' },
    )
  return { os, architecture, variant }
}

/** Those of an index that are for the platform; descriptors that name none are for every one. */
export function matchingManifests(
  manifests: readonly Descriptor[],
  wanted: Platform,
): readonly Descriptor[] {
  const matches = manifests.filter(({ platform }) => !platform || samePlatform(platform, wanted))
  if (matches.length > 0) return matches
  const available = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
  throw new OperationError(
    'INVALID_IMAGE',
    'choose a platform',
    { wanted: `${wanted.os}/${wanted.architecture}`, available: available.join(', ') },
    { hint: 'Choose one with --platform' },
  )
}

function samePlatform(one: Platform, other: Platform): boolean {
  if (one.os !== other.os || one.architecture !== other.architecture) return false
  return other.variant === undefined || one.variant === other.variant
}

function fields(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrong(path, 'an object')
}

function wrong(field: string, expected: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a manifest', { field, expected })
}

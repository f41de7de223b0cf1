import { OperationError } from '../../native/error.ts'
import type { Compression } from '../layer/decompress.ts'
import { digestOf } from '../digest.ts'
import { isIndexType } from '../registry-client/manifest-types.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import {
  type ImageFormat,
  configMediaTypes,
  indexMediaTypes,
  manifestMediaTypes,
} from '../store/format-manifest.ts'
import type { ContentDescriptor, ImageDocument } from '../registry-client/image-document.ts'
import { convertLayerType, readLayerType } from './layer-types.ts'

// From one format, or one compression of layers, to another. Pure.

/** What the user wants changed; nothing keeps every byte. */
export interface Conversion {
  readonly format?: ImageFormat | undefined
  readonly compression?: Compression | undefined
}

export interface ConversionPlan {
  readonly changes: boolean
  readonly format: ImageFormat
  /** Digests of layers that are compressed anew, and how. */
  readonly compressions: ReadonlyMap<string, Compression>
}

/** What replaces what, by the digest it had. */
export interface Replacements {
  readonly manifests: ReadonlyMap<string, RawManifest>
  readonly layers: ReadonlyMap<string, ContentDescriptor>
}

type Fields = Record<string, unknown>

/** @param required format that the destination needs */
export function planConversion(
  manifest: RawManifest,
  document: Extract<ImageDocument, { kind: 'manifest' }>,
  { format: wanted, compression }: Conversion,
  required: ImageFormat | undefined,
): ConversionPlan {
  const own = formatOf(manifest.mediaType)
  const format = required ?? wanted ?? own
  const compressions = new Map<string, Compression>()
  for (const layer of document.layers) {
    const type = readLayerType(layer.mediaType)
    if (!type || type.isForeign) continue
    // Docker's format was made before zstd; its own tools refuse that.
    const docker = format === 'docker' && (compression ?? type.compression) === 'zstd'
    const target = docker ? 'gzip' : (compression ?? type.compression)
    if (target !== type.compression) compressions.set(layer.digest, target)
  }
  return { changes: format !== own || compressions.size > 0, format, compressions }
}

function formatOf(mediaType: string): ImageFormat {
  return mediaType.startsWith('application/vnd.docker.') ? 'docker' : 'oci'
}

/** @throws {OperationError} `UNSUPPORTED` for artifacts, which have no other format */
export function convertManifest(
  manifest: RawManifest,
  { format }: Conversion,
  replacements: Replacements,
): RawManifest {
  const target = format ?? formatOf(manifest.mediaType)
  const document = JSON.parse(manifest.content.toString()) as Fields
  const isIndex = isIndexType(manifest.mediaType) || Array.isArray(document['manifests'])
  const mediaType = (isIndex ? indexMediaTypes : manifestMediaTypes)[target]
  const converted: Fields = { ...document, mediaType }
  if (isIndex) converted['manifests'] = convertEntries(document['manifests'], replacements)
  else {
    converted['config'] = convertConfig(document['config'], target)
    converted['layers'] = convertLayers(document['layers'], target, replacements)
  }
  // Docker's format has none of these.
  if (target === 'docker')
    for (const key of ['annotations', 'artifactType', 'subject']) delete converted[key]
  const content = Buffer.from(JSON.stringify(converted))
  return { content, mediaType, digest: digestOf(content) }
}

function convertEntries(entries: unknown, { manifests }: Replacements): Fields[] {
  return (entries as Fields[]).map((entry) => {
    const part = manifests.get(String(entry['digest']))
    if (!part) return entry
    const { digest, mediaType, content } = part
    return { ...entry, mediaType, digest, size: content.length }
  })
}

function convertConfig(config: unknown, format: ImageFormat): Fields {
  const fields = config as Fields
  const mediaType = String(fields['mediaType'])
  if (!Object.values(configMediaTypes).includes(mediaType))
    throw new OperationError(
      'UNSUPPORTED',
      'convert a manifest',
      { 'config.mediaType': mediaType.slice(0, 100) },
      { hint: 'It is an artifact and no container image: copy it as it is' },
    )
  return { ...fields, mediaType: configMediaTypes[format] }
}

function convertLayers(
  layers: unknown,
  format: ImageFormat,
  { layers: replaced }: Replacements,
): Fields[] {
  return (layers as Fields[]).map((layer) => {
    const other = replaced.get(String(layer['digest']))
    const mediaType = String(layer['mediaType'])
    if (!other) return { ...layer, mediaType: convertLayerType(mediaType, format, undefined) }
    return { ...layer, mediaType: other.mediaType, digest: other.digest, size: other.size }
  })
}

import { digestOf } from '../digest.ts'
import { OperationError } from '../../native/error.ts'
import type { StoredLayer } from '../store/layer-note.ts'
import { parseJson } from '../store/image-config.ts'
import type { Lease } from '../store/lease.ts'
import { type ImageFiles, readDocument } from './image-files.ts'
import { type LoadedImage, importParts } from './import-manifest.ts'
import type { ImportOptions } from './import-oci.ts'

interface DockerEntry {
  readonly config: string
  readonly references: readonly string[]
  readonly layers: readonly string[]
}

const suffixes = { none: '', gzip: '+gzip', zstd: '+zstd' } as const

/** Import every image of a `docker save` archive: manifest.json, and layers under any name. */
export async function importDocker(
  lease: Lease,
  files: ImageFiles,
  options: ImportOptions,
): Promise<LoadedImage[]> {
  const manifest = files.find('manifest.json')
  if (!manifest) throw wrong('manifest.json', 'to be there')
  const entries = parseEntries(readDocument(manifest, 'manifest.json').toString())
  const images: LoadedImage[] = []
  for (const entry of entries) images.push(await importEntry(lease, files, entry, options))
  return images
}

async function importEntry(
  lease: Lease,
  files: ImageFiles,
  entry: DockerEntry,
  { onNote }: ImportOptions,
): Promise<LoadedImage> {
  const source = files.find(entry.config)
  if (!source) throw wrong(entry.config, 'to be in the archive')
  const config = readDocument(source, entry.config)
  requireNamedDigest(entry.config, config)
  const layers = entry.layers.map((path) => {
    const layer = files.find(path)
    if (!layer) throw wrong(path, 'to be in the archive')
    return { source: layer }
  })
  return importParts(lease, {
    config,
    layers,
    references: entry.references,
    manifest: (stored) => formatManifest(config, stored),
    onNote,
  })
}

/** The archive has no manifest to be sent to a registry: this one is made of the same blobs every time. */
function formatManifest(config: Buffer, layers: readonly StoredLayer[]): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: layers.map((layer) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar${suffixes[layer.compression]}`,
      digest: layer.digest,
      size: layer.blobSize,
    })),
  }
  return Buffer.from(JSON.stringify(document))
}

/** The file is named after its digest, in all versions of the format. */
function requireNamedDigest(path: string, content: Buffer): void {
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1]
  if (named === undefined) return
  const actual = digestOf(content)
  if (actual !== `sha256:${named}`)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a configuration', {
      expected: `sha256:${named}`,
      actual,
    })
}

function parseEntries(text: string): DockerEntry[] {
  const document = parseJson(text, 'manifest.json')
  if (!Array.isArray(document) || document.length === 0) throw wrong('manifest.json', 'a list')
  return document.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw wrong('manifest.json', 'objects')
    const { Config, RepoTags, Layers } = item as Record<string, unknown>
    if (typeof Config !== 'string') throw wrong('Config', 'a file name')
    return {
      config: Config,
      references: texts(RepoTags, 'RepoTags'),
      layers: texts(Layers, 'Layers'),
    }
  })
}

function texts(value: unknown, field: string): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw wrong(field, 'a list of strings')
}

function wrong(field: string, expected: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a docker archive', { field, expected })
}

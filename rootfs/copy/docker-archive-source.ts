import { createHash } from 'node:crypto'
import { OperationError } from '../../native/error.ts'
import { type ImageFiles, readDocument } from '../import/image-files.ts'
import { detectCompression } from '../layer/decompress.ts'
import { familiarName, parseReference } from '../reference.ts'
import { digestOf } from '../digest.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import { type BlobSource, readPieces, readStart } from '../store/blob-source.ts'
import { configMediaTypes, formatManifest, manifestMediaTypes } from '../store/format-manifest.ts'
import type { ImageSource } from './image-source.ts'

interface Entry {
  readonly Config: string
  readonly RepoTags: readonly string[] | null
  readonly Layers: readonly string[]
}

/**
 * An image of a `docker save` archive. Such an archive has no manifest: it is made of the blobs as
 * they lie there, the same one every time.
 *
 * @param name which of several; absent: the only one
 */
export function dockerArchiveSource(
  files: ImageFiles,
  label: string,
  name: string | undefined,
): ImageSource {
  const entry = chooseEntry(files, label, name)
  const config = requireFile(files, entry.Config)
  const content = readDocument(config, entry.Config)
  const blobs = new Map<string, BlobSource>([[digestOf(content), config]])
  const layers = entry.Layers.map((path) => {
    const source = requireFile(files, path)
    const digest = digestOfFile(source)
    blobs.set(digest, source)
    return { digest, blobSize: source.size, compression: detectCompression(readStart(source, 4)) }
  })
  const manifest = formatManifest(
    'docker',
    { mediaType: configMediaTypes.docker, digest: digestOf(content), size: content.length },
    layers,
  )
  const root: RawManifest = {
    content: manifest,
    mediaType: manifestMediaTypes.docker,
    digest: digestOf(manifest),
  }
  return {
    label,
    root: () => Promise.resolve(root),
    manifest: () => Promise.reject(malformed(label, 'it has no index')),
    readBlob({ digest }, offset) {
      const source = blobs.get(digest)
      if (!source) throw malformed(label, `it has no blob ${digest}`)
      const { descriptor, offset: start, size } = source
      return readPieces({ descriptor, offset: start + offset, size: size - offset })
    },
    close: () => files.close(),
  }
}

function chooseEntry(files: ImageFiles, label: string, name: string | undefined): Entry {
  const list = readDocument(requireFile(files, 'manifest.json'), 'manifest.json').toString()
  const entries = parseEntries(list, label)
  const tags = entries.flatMap(({ RepoTags }) => RepoTags ?? [])
  if (name === undefined && entries.length === 1 && entries[0]) return entries[0]
  const wanted = name === undefined ? undefined : shortName(name)
  const found = entries.find(({ RepoTags }) =>
    RepoTags?.some((tag) => wanted !== undefined && shortName(tag) === wanted),
  )
  if (found) return found
  throw new OperationError(
    'NOT_FOUND',
    'find an image',
    { in: label, name: name ?? 'none given' },
    { hint: `There are: ${tags.slice(0, 10).join(', ')}` },
  )
}

function parseEntries(text: string, label: string): Entry[] {
  let entries: unknown
  try {
    entries = JSON.parse(text)
  } catch {
    throw malformed(label, 'its manifest.json is no JSON')
  }
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw malformed(label, 'its manifest.json is no list of images')
  return entries
}

function isEntry(value: unknown): value is Entry {
  const { Config, Layers, RepoTags } = Object(value) as Record<string, unknown>
  const isTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.every((item) => typeof item === 'string')
  return typeof Config === 'string' && isTexts(Layers) && (RepoTags == null || isTexts(RepoTags))
}

function shortName(name: string): string {
  const reference = parseReference(name)
  return `${familiarName(reference)}:${reference.tag ?? 'latest'}`
}

function requireFile(files: ImageFiles, path: string): BlobSource {
  const found = files.find(path)
  if (found) return found
  throw malformed(path, 'the archive does not have it')
}

function digestOfFile(source: BlobSource): string {
  const hash = createHash('sha256')
  for (const piece of readPieces(source)) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

function malformed(where: string, reason: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a docker archive', { where, reason })
}

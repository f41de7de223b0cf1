import { OperationError } from '../../native/error.ts'
import { type ImageFiles, readDocument } from '../import/image-files.ts'
import { digestOf, requireDigest } from '../digest.ts'
import { type ContentDescriptor, readImageDocument } from '../registry-client/image-document.ts'
import { manifestTypes } from '../registry-client/manifest-types.ts'
import { type RawManifest, parseObject, typeByShape } from '../registry-client/manifests.ts'
import { readPieces } from '../store/blob-source.ts'
import { requireSize } from './require-size.ts'
import type { ImageSource } from './image-source.ts'

const refName = 'org.opencontainers.image.ref.name'
const fullName = 'io.containerd.image.name'

/**
 * An image of an OCI layout, in a folder or an archive.
 *
 * @param name which of several, by its annotation; absent: the only one
 * @throws {OperationError} `NOT_FOUND`, with the names that there are
 */
export function layoutSource(
  files: ImageFiles,
  label: string,
  name: string | undefined,
): ImageSource {
  const index = files.find('index.json')
  if (!index) throw notFound(label, 'it has no index.json', [])
  const content = readDocument(index, 'index.json')
  const document = readImageDocument(content, manifestTypes.ociIndex)
  if (document.kind !== 'index') throw notFound(label, 'its index.json is no index', [])
  const names = namesOf(content)
  const at = name === undefined ? onlyEntry(label, names) : names.indexOf(name)
  const chosen = document.manifests[at]
  if (!chosen) throw notFound(label, `no image has the name ${name}`, names)
  const read = (descriptor: ContentDescriptor): RawManifest => {
    const manifest = readManifest(files, descriptor)
    requireSize(manifest, descriptor)
    return manifest
  }
  return {
    label,
    root: async () => read(chosen),
    manifest: async (descriptor) => read(descriptor),
    readBlob: (blob, offset) => readBlob(files, blobName(blob.digest), blob, offset),
    referrers: async (digest) =>
      document.manifests.filter((each) => subjectOf(read(each).content) === digest),
    close: () => files.close(),
  }
}

/** A folder as skopeo's `dir:` writes it. */
export function folderSource(files: ImageFiles, label: string): ImageSource {
  const main = files.find('manifest.json')
  if (!main) throw notFound(label, 'it has no manifest.json', [])
  const content = readDocument(main, 'manifest.json')
  const root = { content, mediaType: mediaTypeOf(content, label), digest: digestOf(content) }
  return {
    label,
    root: async () => root,
    manifest: async (descriptor) => {
      const path = `${hexOf(descriptor.digest)}.manifest.json`
      const part = files.find(path)
      if (!part) throw notFound(label, `it has no ${path}`, [])
      const bytes = readDocument(part, path)
      requireDigest(bytes, descriptor.digest, 'a manifest')
      return { content: bytes, mediaType: descriptor.mediaType, digest: descriptor.digest }
    },
    readBlob: (blob, offset) => readBlob(files, hexOf(blob.digest), blob, offset),
    close: () => files.close(),
  }
}

function readManifest(files: ImageFiles, { digest, mediaType }: ContentDescriptor): RawManifest {
  const path = blobName(digest)
  const source = files.find(path)
  if (!source) throw missingFile(path)
  const content = readDocument(source, path)
  requireDigest(content, digest, 'a manifest')
  return { content, mediaType, digest }
}

function* readBlob(
  files: ImageFiles,
  path: string,
  { digest, size }: ContentDescriptor,
  offset: number,
): Generator<Buffer> {
  const source = files.find(path)
  if (!source) throw missingFile(path)
  if (source.size !== size)
    throw new OperationError('INVALID_IMAGE', 'check the size of a blob', {
      digest,
      declared: size,
      actual: source.size,
    })
  const { descriptor, offset: start } = source
  yield* readPieces({ descriptor, offset: start + offset, size: size - offset })
}

function namesOf(index: Buffer): (string | undefined)[] {
  const { manifests } = JSON.parse(index.toString()) as {
    manifests: { annotations?: Record<string, unknown> }[]
  }
  return manifests.map(({ annotations }) => {
    const name = annotations?.[refName] ?? annotations?.[fullName]
    return typeof name === 'string' ? name : undefined
  })
}

function onlyEntry(label: string, names: readonly (string | undefined)[]): number {
  if (names.length === 1) return 0
  throw notFound(label, 'it has several images: choose one', names)
}

function subjectOf(manifest: Buffer): string | undefined {
  const { subject } = parseObject(manifest, {})
  const { digest } = Object(subject) as { digest?: unknown }
  return typeof digest === 'string' ? digest : undefined
}

function mediaTypeOf(content: Buffer, label: string): string {
  const document = parseObject(content, { source: label })
  const own = document['mediaType']
  return typeof own === 'string' ? own : typeByShape(document)
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** Within a layout. */
export function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

function missingFile(path: string): OperationError {
  return new OperationError(
    'INVALID_IMAGE',
    'read an image',
    { missing: path },
    { hint: 'The folder or archive is not complete' },
  )
}

function notFound(
  label: string,
  reason: string,
  names: readonly (string | undefined)[],
): OperationError {
  const known = names.filter((name) => name !== undefined).slice(0, 10)
  return new OperationError(
    'NOT_FOUND',
    'find an image',
    { in: label, reason },
    known.length === 0 ? {} : { hint: `There are: ${known.join(', ')}` },
  )
}

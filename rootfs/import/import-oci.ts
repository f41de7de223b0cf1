import { OperationError } from '../../native/error.ts'
import { parseReference } from '../reference.ts'
import type { BlobSource } from '../store/blob-source.ts'
import type { Lease } from '../store/lease.ts'
import { digestHex } from '../store/store-folders.ts'
import { copyBlob } from '../store/write-blob.ts'
import { addDocument } from './add-document.ts'
import { requireDigest } from './add-image-from-manifest.ts'
import { type ImageFiles, readDocument } from './image-files.ts'
import { type LoadedImage, importParts } from './import-manifest.ts'
import {
  type Descriptor,
  type ManifestDocument,
  type Platform,
  descriptorsIn,
  isArtifact,
  isManifestType,
  matchingManifests,
  parseManifest,
} from './manifest.ts'

export interface ImportOptions {
  readonly platform: Platform
  /** Keep indexes with the images of all platforms too. */
  readonly allPlatforms?: boolean | undefined
  readonly onNote: (note: string) => void
}

const maxIndexDepth = 3

/** Import what the index of an OCI layout names: images for one platform, and artifacts. */
export async function importOci(
  lease: Lease,
  files: ImageFiles,
  options: ImportOptions,
): Promise<LoadedImage[]> {
  const index = files.find('index.json')
  if (!index) throw missingFile('index.json')
  const document = parseManifest(readDocument(index, 'index.json').toString(), undefined)
  if (document.kind !== 'index') throw missingFile('index.json with "manifests"')
  const images: LoadedImage[] = []
  for (const named of matchingManifests(document.manifests, options.platform)) {
    const references = referencesOf(named)
    const content = readChecked(files, named)
    if (isArtifact(content)) await keepWhole(lease, files, { named, content, references })
    else images.push(await importNamed(lease, files, { named, content, references }, options))
  }
  return images
}

interface NamedEntry {
  readonly named: Descriptor
  readonly content: Buffer
  readonly references: readonly string[]
}

async function importNamed(
  lease: Lease,
  files: ImageFiles,
  entry: NamedEntry,
  options: ImportOptions,
): Promise<LoadedImage> {
  const { content, references } = entry
  const found = findManifest(files, entry.named, options.platform)
  const image = await importOne(lease, files, { ...found, references }, options)
  if (options.allPlatforms && content !== found.content) await keepWhole(lease, files, entry)
  return image
}

/** Blobs and documents of an index or artifact as they are, under their names. */
async function keepWhole(
  lease: Lease,
  files: ImageFiles,
  { named, content, references }: NamedEntry,
): Promise<void> {
  const { mediaType, digest } = named
  await storeBelow(lease, files, content)
  await addDocument(lease, { content, mediaType, digest, references })
}

async function storeBelow(lease: Lease, files: ImageFiles, content: Buffer): Promise<void> {
  for (const descriptor of descriptorsIn(content)) {
    const source = files.find(`blobs/sha256/${digestHex(descriptor.digest)}`)
    // An index may name platforms that the archive does not have.
    if (!source) continue
    requireSize(source, descriptor)
    await copyBlob(lease, source, descriptor.digest)
    if (isManifestType(descriptor.mediaType))
      await storeBelow(lease, files, readChecked(files, descriptor))
  }
}

interface FoundManifest {
  readonly manifest: Extract<ManifestDocument, { kind: 'manifest' }>
  readonly content: Buffer
  /** Indexes that led here, outermost first. */
  readonly indexes: readonly Buffer[]
}

/** The manifest itself, or the one for the platform that an index leads to. */
function findManifest(
  files: ImageFiles,
  descriptor: Descriptor,
  platform: Platform,
  indexes: readonly Buffer[] = [],
): FoundManifest {
  if (indexes.length > maxIndexDepth)
    throw new OperationError('INVALID_IMAGE', 'follow an index', { reason: 'nested too deep' })
  const content = readChecked(files, descriptor)
  const manifest = parseManifest(content.toString(), descriptor.mediaType)
  if (manifest.kind === 'manifest') return { manifest, content, indexes }
  const [first] = matchingManifests(manifest.manifests, platform)
  if (!first)
    throw new OperationError('INVALID_IMAGE', 'follow an index', { reason: 'it names no image' })
  return findManifest(files, first, platform, [...indexes, content])
}

async function importOne(
  lease: Lease,
  files: ImageFiles,
  found: FoundManifest & { references: readonly string[] },
  { onNote }: ImportOptions,
): Promise<LoadedImage> {
  const { manifest, content, indexes, references } = found
  const config = readChecked(files, manifest.config)
  const layers = manifest.layers.map((layer) => ({
    source: requireBlob(files, layer),
    digest: layer.digest,
  }))
  const parts = { config, layers, references, indexes, manifest: () => content, onNote }
  return importParts(lease, parts)
}

function readChecked(files: ImageFiles, descriptor: Descriptor): Buffer {
  const content = readDocument(requireBlob(files, descriptor), descriptor.digest)
  requireDigest(content, descriptor.digest)
  return content
}

function requireBlob(files: ImageFiles, descriptor: Descriptor): BlobSource {
  const path = `blobs/sha256/${digestHex(descriptor.digest)}`
  const source = files.find(path)
  if (!source) throw missingFile(path)
  requireSize(source, descriptor)
  return source
}

function requireSize(source: BlobSource, { digest, size }: Descriptor): void {
  if (source.size === size) return
  const detail = { digest, expected: size, actual: source.size }
  throw new OperationError('INVALID_IMAGE', 'check the size of a blob', detail)
}

/** containerd writes the full name, others a name or only a tag. */
function referencesOf(descriptor: Descriptor): string[] {
  const full = descriptor.annotations['io.containerd.image.name']
  const short = descriptor.annotations['org.opencontainers.image.ref.name']
  for (const name of [full, short]) {
    if (typeof name !== 'string' || name === '') continue
    // A bare word is a tag to skopeo and a name to podman; as a name it can at least be found.
    const reference = /[/:]/.test(name) ? name : `localhost/${name.toLowerCase()}`
    const { digest } = parseReference(reference)
    return digest === undefined ? [reference] : []
  }
  return []
}

function missingFile(path: string): OperationError {
  return new OperationError(
    'INVALID_IMAGE',
    'read an OCI layout',
    { missing: path },
    { hint: 'The archive or folder is not complete' },
  )
}

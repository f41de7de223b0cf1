import { createHash } from 'node:crypto'
import { OperationError } from '../../native/error.ts'
import { parseReference } from '../reference.ts'
import type { Lease } from '../store/lease.ts'
import { digestHex } from '../store/store-folders.ts'
import { type ImageFiles, readDocument } from './image-files.ts'
import { type LoadedImage, importParts } from './import-manifest.ts'
import {
  type Descriptor,
  type ManifestDocument,
  type Platform,
  matchingManifests,
  parseManifest,
} from './manifest.ts'
import type { BlobSource } from '../store/blob-source.ts'

export interface ImportOptions {
  readonly platform: Platform
  readonly onNote: (note: string) => void
}

const maxIndexDepth = 3

/** Import every image that the index of an OCI layout names, for one platform. */
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
    for (const { descriptor, manifest, content } of manifestsBelow(files, named, options.platform))
      if (manifest.kind === 'manifest')
        images.push(
          await importOne(lease, files, { descriptor, manifest, content, references }, options),
        )
  }
  return images
}

interface FoundManifest {
  readonly descriptor: Descriptor
  readonly manifest: ManifestDocument
  readonly content: Buffer
}

/** The manifest itself, or those that an index leads to. */
function* manifestsBelow(
  files: ImageFiles,
  descriptor: Descriptor,
  platform: Platform,
  depth = 0,
): Generator<FoundManifest> {
  if (depth > maxIndexDepth)
    throw new OperationError('INVALID_IMAGE', 'follow an index', { reason: 'nested too deep' })
  const content = readDocument(requireBlob(files, descriptor), descriptor.digest)
  requireDigest(content, descriptor)
  const manifest = parseManifest(content.toString(), descriptor.mediaType)
  if (manifest.kind === 'manifest') {
    yield { descriptor, manifest, content }
    return
  }
  const [first] = matchingManifests(manifest.manifests, platform)
  if (first) yield* manifestsBelow(files, first, platform, depth + 1)
}

async function importOne(
  lease: Lease,
  files: ImageFiles,
  found: FoundManifest & { references: readonly string[] },
  { onNote }: ImportOptions,
): Promise<LoadedImage> {
  const { manifest, content, references } = found
  if (manifest.kind !== 'manifest') throw missingFile('manifest')
  const config = readDocument(requireBlob(files, manifest.config), manifest.config.digest)
  requireDigest(config, manifest.config)
  const layers = manifest.layers.map((layer) => ({
    source: requireBlob(files, layer),
    digest: layer.digest,
  }))
  return importParts(lease, { config, layers, references, manifest: () => content, onNote })
}

function requireBlob(files: ImageFiles, { digest, size }: Descriptor): BlobSource {
  const path = `blobs/sha256/${digestHex(digest)}`
  const source = files.find(path)
  if (!source) throw missingFile(path)
  if (source.size === size) return source
  throw new OperationError('INVALID_IMAGE', 'check the size of a blob', {
    digest,
    expected: size,
    actual: source.size,
  })
}

function requireDigest(content: Buffer, { digest }: Descriptor): void {
  const actual = `sha256:${createHash('sha256').update(content).digest('hex')}`
  if (actual !== digest)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a blob', {
      expected: digest,
      actual,
    })
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

import { OperationError } from '../../native/error.ts'
import type { Compression } from '../layer/decompress.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import { choosePlatform } from './choose-platform.ts'
import { type Conversion, convertManifest, planConversion } from './convert-manifest.ts'
import type { BlobOutcome, ImageDestination } from './image-destination.ts'
import {
  type ContentDescriptor,
  type ImageDocument,
  type PlatformFields,
  readImageDocument,
} from '../registry-client/image-document.ts'
import type { ImageSource } from './image-source.ts'
import { convertLayerType, isForeignLayer } from './layer-types.ts'
import { recompressBlob } from './recompress-blob.ts'
import { runLimited } from './run-limited.ts'
import type { TransferProgress } from './transfer-progress.ts'

export interface CopyOptions {
  /** Of an index this one is copied. */
  readonly platform: PlatformFields
  /** Of an index everything is copied, and the index itself. */
  readonly all: boolean
  /** Refuse rather than change a digest. */
  readonly preserveDigests: boolean
  readonly conversion: Conversion
  /** Signatures and other artifacts about the image come along, where the source tells of them. */
  readonly referrers: boolean
  /** Layers at once. */
  readonly jobs: number
  /** Existing folder for layers that are compressed anew. */
  readonly scratch: () => string
  readonly progress: TransferProgress
}

interface Copy extends CopyOptions {
  readonly source: ImageSource
  readonly destination: ImageDestination
}

const maxDepth = 3

/**
 * Copy an image: blobs first, then the manifests that name them, the named one last, so that nobody
 * ever sees a name of something incomplete.
 *
 * @returns what the name at the destination stands for
 */
export async function copyImage(
  source: ImageSource,
  destination: ImageDestination,
  options: CopyOptions,
): Promise<RawManifest> {
  const copy = { ...options, source, destination }
  const root = await source.root()
  const written = await copyManifest(copy, root, true, [])
  if (options.referrers) await copyReferrers(copy, written, 0)
  await destination.finish()
  return written
}

async function copyManifest(
  copy: Copy,
  manifest: RawManifest,
  isRoot: boolean,
  indexes: readonly RawManifest[],
): Promise<RawManifest> {
  if (indexes.length > maxDepth)
    throw new OperationError('INVALID_IMAGE', 'follow an index', { reason: 'nested too deep' })
  const document = readImageDocument(manifest.content, manifest.mediaType)
  if (document.kind === 'manifest') return copyOne(copy, manifest, document, isRoot, indexes)
  if (copy.all) return copyIndex(copy, manifest, document.manifests, isRoot, indexes)
  const chosen = choosePlatform(document.manifests, copy.platform)
  const part = await copy.source.manifest(chosen)
  return copyManifest(copy, part, isRoot, [...indexes, manifest])
}

async function copyIndex(
  copy: Copy,
  index: RawManifest,
  manifests: readonly ContentDescriptor[],
  isRoot: boolean,
  indexes: readonly RawManifest[],
): Promise<RawManifest> {
  if (copy.destination.holdsIndexes === false)
    throw new OperationError(
      'UNSUPPORTED',
      'copy an index',
      { to: copy.destination.label },
      { hint: 'It holds one image: leave --all out' },
    )
  const replacements = new Map<string, RawManifest>()
  for (const descriptor of manifests) {
    const part = await copy.source.manifest(descriptor)
    replacements.set(descriptor.digest, await copyManifest(copy, part, false, [...indexes, index]))
  }
  const converted = rewriteIndex(copy, index, replacements)
  await copy.destination.putManifest(converted, isRoot)
  return converted
}

/** As it is, where no part changed; every byte of it counts for its digest. */
function rewriteIndex(
  { conversion, preserveDigests }: Copy,
  index: RawManifest,
  replacements: ReadonlyMap<string, RawManifest>,
): RawManifest {
  const isSame = [...replacements].every(([digest, part]) => digest === part.digest)
  if (isSame) return index
  if (preserveDigests) throw wouldChange('an index')
  return convertManifest(index, conversion, {
    manifests: replacements,
    layers: new Map(),
  })
}

async function copyOne(
  copy: Copy,
  manifest: RawManifest,
  document: Extract<ImageDocument, { kind: 'manifest' }>,
  isRoot: boolean,
  indexes: readonly RawManifest[],
): Promise<RawManifest> {
  const { destination, conversion, preserveDigests, jobs } = copy
  const plan = planConversion(manifest, document, conversion, destination.onlyFormat)
  if (plan.changes && preserveDigests) throw wouldChange('a manifest')
  if (!plan.changes) destination.expect?.(manifest, indexes)
  const layers = new Map<string, ContentDescriptor>()
  const all = [document.config, ...document.layers]
  const seen = new Set<string>()
  const blobs = all.filter(({ digest }) => !seen.has(digest) && seen.add(digest))
  await runLimited(blobs, jobs, async (blob) => {
    const wanted = plan.compressions.get(blob.digest)
    if (wanted === undefined) await copyBlob(copy, blob, blob === document.config)
    else {
      const mediaType = convertLayerType(blob.mediaType, plan.format, wanted)
      layers.set(blob.digest, await copyRecompressed(copy, blob, wanted, mediaType))
    }
  })
  const converted = plan.changes
    ? convertManifest(manifest, plan, { manifests: new Map(), layers })
    : manifest
  await destination.putManifest(converted, isRoot)
  return converted
}

const outcomes: Readonly<Record<BlobOutcome, string>> = {
  present: 'already there',
  mounted: 'mounted from another repository',
  copied: 'done',
}

async function copyBlob(copy: Copy, blob: ContentDescriptor, isConfig: boolean): Promise<void> {
  const { source, destination, progress } = copy
  if (destination.skipsForeignLayers && isForeignLayer(blob)) return
  const shown = progress.begin(blob.digest, isConfig ? 'config' : 'layer', blob.size)
  const outcome = await destination.putBlob({
    blob,
    read: (offset) => source.readBlob(blob, offset),
    origin: source.origin,
    onPosition: (bytes) => shown.position(bytes),
  })
  shown.done(outcomes[outcome])
}

async function copyRecompressed(
  copy: Copy,
  blob: ContentDescriptor,
  wanted: Compression,
  mediaType: string,
): Promise<ContentDescriptor> {
  const { source, destination, progress, scratch } = copy
  const shown = progress.begin(blob.digest, 'layer', blob.size)
  const made = await recompressBlob(source.readBlob(blob, 0), blob, wanted, scratch())
  try {
    const changed = { ...blob, mediaType, digest: made.digest, size: made.size, urls: [] }
    const outcome = await destination.putBlob({
      blob: changed,
      read: (offset) => made.read(offset),
      onPosition: (bytes) => shown.position(Math.round((bytes / made.size) * blob.size)),
    })
    shown.done(outcomes[outcome])
    return changed
  } finally {
    made.close()
  }
}

/** Artifacts about what was copied, and artifacts about those. They are named by digest alone. */
async function copyReferrers(copy: Copy, subject: RawManifest, depth: number): Promise<void> {
  if (!copy.source.referrers || depth > maxDepth) return
  for (const descriptor of await copy.source.referrers(subject.digest)) {
    const artifact = await copy.source.manifest(descriptor)
    const document = readImageDocument(artifact.content, artifact.mediaType)
    if (document.kind !== 'manifest') continue
    const asIs = { ...copy, conversion: {}, preserveDigests: true }
    await copyReferrers(copy, await copyOne(asIs, artifact, document, false, []), depth + 1)
  }
}

function wouldChange(what: string): OperationError {
  return new OperationError(
    'BAD_STATE',
    'keep all digests',
    { reason: `${what} would have to be changed for its destination` },
    { hint: 'Leave --preserve-digests out, or --format and --compression-format' },
  )
}

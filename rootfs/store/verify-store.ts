import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { OperationError, describeError } from '../../native/error.ts'
import { isDigest } from '../reference.ts'
import { runOnThread } from '../layer/worker-pool.ts'
import type { Image } from './image.ts'
import { imageLayers } from './image-layers.ts'
import type { StoredLayer } from './layer-note.ts'
import { type Lease, withLease } from './lease.ts'
import type { ImageStore } from './image-store.ts'
import { removeBlob, repairLayer } from './repair-layer.ts'
import { type StoreFolders, blobPath } from './store-folders.ts'
import { verifyLayer } from './verify-layer.ts'

export interface VerifyOptions {
  /** Absent: everything in the store. */
  readonly images?: readonly Image[] | undefined
  /** Unpack damaged layers again, and drop damaged blobs. */
  readonly isRepairing?: boolean | undefined
  /** Ids of images whose layers containers may be using: these are not replaced. */
  readonly inUse: ReadonlySet<string>
  /** Told each damage as it is found. */
  readonly onDamage: (damage: Damage) => void
}

export interface Damage {
  readonly kind: 'blob' | 'layer' | 'image'
  /** Digest of the blob, chain id of the layer, id of the image. */
  readonly subject: string
  readonly what: string
  /** References or ids of the images that it is a part of. */
  readonly images: readonly string[]
  /** What was done about it; absent where nothing was. */
  readonly repair?: string | undefined
}

export interface VerifyResult {
  readonly blobs: number
  readonly layers: number
  readonly damaged: number
}

interface Check {
  readonly lease: Lease
  readonly options: VerifyOptions
  /** Digests of blobs that are as they should be, and of those that are not. */
  readonly blobs: Map<string, boolean>
  readonly layers: Set<string>
  damaged: number
}

/** Hash every blob again, and compare every unpacked layer with what its blob unpacks to. */
export async function verifyStore(
  store: ImageStore,
  options: VerifyOptions,
): Promise<VerifyResult> {
  return withLease(store, async (lease) => {
    const check: Check = { lease, options, blobs: new Map(), layers: new Set(), damaged: 0 }
    for (const image of options.images ?? store.list()) await verifyImage(check, image)
    if (!options.images)
      for (const digest of allBlobs(store.folders)) await verifyBlob(check, digest, [])
    return { blobs: check.blobs.size, layers: check.layers.size, damaged: check.damaged }
  })
}

function allBlobs(folders: StoreFolders): string[] {
  return readdirSync(folders.blobs)
    .map((hex) => `sha256:${hex}`)
    .filter(isDigest)
}

async function verifyImage(check: Check, image: Image): Promise<void> {
  const names = image.references.length === 0 ? [image.id] : image.references
  const documents = [image.digest, image.id]
  for (const digest of documents) if (!(await verifyBlob(check, digest, names))) return
  let layers: StoredLayer[]
  try {
    layers = imageLayers(check.lease.store, image)
  } catch (error) {
    return report(check, {
      kind: 'image',
      subject: image.id,
      what: describeError(error),
      images: names,
    })
  }
  const below: string[] = []
  for (const layer of layers) {
    const isWhole = await verifyBlob(check, layer.digest, names)
    await verifyUnpacked(check, layer, { image, names, below: [...below], isWhole })
    below.push(layer.chainId)
  }
}

interface LayerPlace {
  readonly image: Image
  readonly names: readonly string[]
  readonly below: readonly string[]
  /** Whether its blob is. */
  readonly isWhole: boolean
}

async function verifyUnpacked(check: Check, layer: StoredLayer, place: LayerPlace): Promise<void> {
  const { chainId } = layer
  if (check.layers.has(chainId)) return
  check.layers.add(chainId)
  // Without its blob nothing tells what the folder should be.
  if (!place.isWhole) return
  await check.lease.hold(chainId)
  const { difference, fresh } = await verifyLayer(check.lease, layer, place.below)
  if (difference === undefined) return
  const { isRepairing, inUse } = check.options
  const isUsed = inUse.has(place.image.id)
  if (isRepairing && !isUsed) repairLayer(check.lease, layer, fresh)
  const done = isUsed ? 'not replaced, because containers use it' : 'unpacked again'
  report(check, {
    kind: 'layer',
    subject: chainId,
    what: difference,
    images: place.names,
    repair: isRepairing ? done : undefined,
  })
}

/** @returns whether it is there and has its digest */
async function verifyBlob(
  check: Check,
  digest: string,
  images: readonly string[],
): Promise<boolean> {
  const known = check.blobs.get(digest)
  if (known !== undefined) return known
  await check.lease.hold(digest)
  const what = await findBlobDamage(check.lease.folders, digest)
  check.blobs.set(digest, what === undefined)
  if (what === undefined) return true
  const { isRepairing } = check.options
  const canDrop = isRepairing && what !== 'missing'
  if (canDrop) removeBlob(check.lease, digest)
  const repair = canDrop ? 'dropped; load or pull the image again' : undefined
  report(check, { kind: 'blob', subject: digest, what, images, repair })
  return false
}

async function findBlobDamage(folders: StoreFolders, digest: string): Promise<string | undefined> {
  let descriptor: number
  try {
    descriptor = openSync(blobPath(folders, digest), 'r')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : String(error)
  }
  try {
    const source = { descriptor, offset: 0, size: fstatSync(descriptor).size }
    const actual = await runOnThread({ kind: 'digest', source }, () => undefined)
    return actual.digest === digest ? undefined : `its content is ${actual.digest}`
  } catch (error) {
    // A disk that fails to read is what this looks for.
    if (error instanceof OperationError) return describeError(error)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function report(check: Check, damage: Damage): void {
  check.damaged++
  check.options.onDamage(damage)
}

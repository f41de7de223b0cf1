import { readFileSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import type { Image } from '../../store/image.ts'
import { imageLayers } from '../../store/image-layers.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import { blobPath } from '../../store/store-folders.ts'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import { type ImageDocument, emptyDocument } from '../plan/image-document.ts'
import { formatPlatform } from '../../copy/choose-platform.ts'
import type { Platform } from '../plan/platform.ts'
import type { BuildRequest, BuildTools } from './build-request.ts'

/** An image that a build stands on or takes files from. */
export interface LoadedImage {
  readonly reference: string
  readonly layers: readonly StoredLayer[]
  /** Absolute, lowest first. */
  readonly layerFolders: readonly string[]
  readonly document: ImageDocument
}

/** "linux/amd64" and the reference: the same name may stand for different images. */
export function imageKey(reference: string, platform: Platform): string {
  return `${formatPlatform(platform)} ${reference}`
}

/** `FROM scratch`. */
export function scratchImage(platform: Platform): LoadedImage {
  return {
    reference: 'scratch',
    layers: [],
    layerFolders: [],
    document: emptyDocument(platform),
  }
}

export interface ImageWish {
  readonly reference: string
  readonly platform: Platform
  /** Who asks, for messages. */
  readonly source: InstructionSource
}

/**
 * Find an image in the store, or bring it from its registry, and keep it from being removed.
 *
 * @throws {DockerfileError} at the instruction that names it
 */
export async function loadImageFor(
  lease: Lease,
  wish: ImageWish,
  request: Pick<BuildRequest, 'pull' | 'onEvent'>,
  tools: BuildTools,
): Promise<LoadedImage> {
  const { reference, platform, source } = wish
  const image = await atInstruction(source, reference, () =>
    findOrPull(lease, wish, request, tools),
  )
  const { os, architecture } = image.config
  const note = `${reference} is for ${os}/${architecture}, not for ${formatPlatform(platform)}`
  if (!isFor(image, platform)) request.onEvent({ kind: 'note', text: note })
  const layers = imageLayers(lease.store, image)
  const held = layers.flatMap(({ digest, chainId }) => [digest, chainId])
  await lease.hold(image.id, image.digest, ...held)
  const text = readFileSync(blobPath(lease.folders, image.id), 'utf8')
  const document = JSON.parse(text) as Partial<ImageDocument>
  return {
    reference,
    layers,
    layerFolders: image.layerFolders,
    document: {
      ...emptyDocument(platform),
      ...document,
      config: document.config ?? {},
      history: document.history ?? [],
    },
  }
}

function isFor({ config }: Image, { architecture }: Platform): boolean {
  return config.architecture === '' || config.architecture === architecture
}

async function findOrPull(
  lease: Lease,
  { reference, platform }: ImageWish,
  { pull, onEvent }: Pick<BuildRequest, 'pull' | 'onEvent'>,
  { pullImage }: BuildTools,
): Promise<Image> {
  const known = lease.store.find(reference)
  // What is here may be one platform of several.
  const forPlatform = async (other: Image): Promise<Image> => {
    if (!pullImage || pull === 'never') return other
    return pullImage(reference, platform).catch(() => other)
  }
  const isWanted = pull === 'always' && pullImage !== undefined
  if (known && !isWanted) return isFor(known, platform) ? known : forPlatform(known)
  if (reference === 'host') {
    const { ensureHostImage } = await import('../../host-image/ensure-host-image.ts')
    return ensureHostImage(lease.store, (text) => onEvent({ kind: 'note', text }))
  }
  if (!pullImage || pull === 'never')
    throw new OperationError(
      'NOT_FOUND',
      'find an image',
      { reference },
      { hint: 'See "myimage ls", or bring it with "myimage pull", "load" or "from-host"' },
    )
  return pullImage(reference, platform)
}

/** Failures of `work` point at the instruction that asked for it. */
export async function atInstruction<Result>(
  source: InstructionSource,
  mark: string,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof OperationError) || 'excerpt' in cause) throw cause
    const at = source.text.indexOf(mark)
    const operands = Object.entries(cause.detail).map(([name, value]) => `${name}=${value}`)
    throw complain(source, {
      code: cause.code,
      problem: [cause.step, ...operands].join(' '),
      hint: cause.hint,
      ...(at > 0 && mark !== '' ? { offset: at, length: mark.length } : {}),
      cause: cause.cause,
    })
  }
}

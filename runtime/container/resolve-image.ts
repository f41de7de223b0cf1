import { statSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { Image, ImageConfig } from '../../rootfs/store/image.ts'
import type { EngineContext } from './engine-context.ts'
import type { ContainerOptions } from './options.ts'

/** What a container's root file system is made from. */
export interface RootSource {
  /** `sha256:…`; empty for `--rootfs`. */
  readonly imageId: string
  readonly config: ImageConfig
  /** Absolute overlay layers, lowest first; a single plain folder for `--rootfs`. */
  readonly layerFolders: readonly string[]
  readonly passwd: string | undefined
  readonly group: string | undefined
}

const emptyConfig: ImageConfig = {
  env: [],
  cmd: undefined,
  entrypoint: undefined,
  user: '',
  workingDir: '',
  volumes: [],
  exposedPorts: [],
  labels: {},
  stopSignal: undefined,
  healthcheck: undefined,
  shell: undefined,
  onBuild: [],
  architecture: '',
  variant: undefined,
  os: 'linux',
  created: undefined,
  author: undefined,
}

/** Name of the built-in image: the host's own shell and tools. */
const hostImageName = 'host'

/**
 * `run /bin/sh` names a program, not an image: it runs in the built-in image. No image reference
 * can begin with a slash, so nothing is taken away.
 */
export function withImplicitHost(options: ContainerOptions): ContainerOptions {
  if (options.rootfs || !options.image.startsWith('/')) return options
  return { ...options, image: hostImageName, command: [options.image, ...options.command] }
}

/**
 * The image that `options` ask for, made first where it is the built-in one.
 *
 * @throws {OperationError} `NOT_FOUND` where it is not in the store, or is for another platform
 */
export async function resolveImage(
  context: EngineContext,
  options: ContainerOptions,
): Promise<RootSource> {
  const source = await findSource(context, options)
  requirePlatform(options, source.config)
  return source
}

/** `OS/ARCHITECTURE[/VARIANT]`, as images have it; a variant that the image does not tell is believed. */
function requirePlatform({ platform, image }: ContainerOptions, config: ImageConfig): void {
  if (platform === undefined || platform === '') return
  const [os = '', architecture = '', variant] = platform.split('/')
  const isOf =
    os === config.os &&
    (architecture === '' || config.architecture === '' || architecture === config.architecture) &&
    (variant === undefined || config.variant === undefined || variant === config.variant)
  if (!isOf)
    throw new OperationError(
      'NOT_FOUND',
      `no image ${image} for ${platform}`,
      { has: `${config.os}/${config.architecture}` },
      { hint: 'Import the one for that platform, or leave --platform out' },
    )
}

async function findSource(context: EngineContext, options: ContainerOptions): Promise<RootSource> {
  if (options.rootfs) return plainRoot(options.image)
  const store = await context.images()
  if (isHostImage(options.image)) {
    const { ensureHostImage } = await import('../../rootfs/host-image/ensure-host-image.ts')
    return rootSource(await ensureHostImage(store))
  }
  const image = store.find(options.image)
  if (!image)
    throw new OperationError(
      'NOT_FOUND',
      `no such image: ${options.image}`,
      {},
      {
        hint: 'Get it with "myimage pull", "load" or "import", or make one with "myimage from-host"',
      },
    )
  return rootSource(image)
}

/**
 * The root of an existing container, by the id its record keeps.
 *
 * @throws {OperationError} `NOT_FOUND` where the image was removed by force
 */
export async function rootOfRecord(
  context: EngineContext,
  imageId: string,
  options: ContainerOptions,
): Promise<RootSource> {
  if (options.rootfs) return plainRoot(options.image)
  if (imageId.startsWith('step:')) {
    const { rootOfStep } = await import('../build-step/step-layers.ts')
    return rootOfStep(context.folders, imageId)
  }
  const image = (await context.images()).find(imageId)
  if (image) return rootSource(image)
  throw new OperationError(
    'NOT_FOUND',
    'find the image of a container',
    { image: options.image, id: imageId.slice(0, 19) },
    { hint: 'The image was removed; import it again' },
  )
}

export function isHostImage(reference: string): boolean {
  return reference === hostImageName || reference === `localhost/${hostImageName}:latest`
}

function rootSource({ id, config, layerFolders, passwd, group }: Image): RootSource {
  return { imageId: id, config, layerFolders, passwd, group }
}

function plainRoot(path: string): RootSource {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isDirectory())
    throw new OperationError(
      'NOT_FOUND',
      'use a folder as root file system',
      { path },
      { hint: '--rootfs takes the path of an existing folder' },
    )
  return {
    imageId: '',
    config: emptyConfig,
    layerFolders: [path],
    passwd: undefined,
    group: undefined,
  }
}

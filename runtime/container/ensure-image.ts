import { OperationError, hasCode } from '../../native/error.ts'
import type { ImageStore } from '../../rootfs/store/image-store.ts'
import type { EngineContext } from './engine-context.ts'
import type { ContainerOptions } from './options.ts'
import { isHostImage, withImplicitHost } from './resolve-image.ts'

/**
 * Pull the image that `wanted` asks for where its pull policy says so.
 *
 * @param say told how it goes on, a line at a time
 * @throws {OperationError} `NOT_FOUND` where it is neither here nor in a registry
 */
export async function ensureImage(
  context: EngineContext,
  wanted: ContainerOptions,
  say: (line: string) => void,
): Promise<void> {
  const options = withImplicitHost(wanted)
  const { image, pull } = options
  if (options.rootfs || isHostImage(image) || pull === 'never') return
  const store = await context.images()
  if (pull === 'missing' && store.find(image)) return
  await pullByPolicy(context, store, options, options.quiet ? () => undefined : say)
}

async function pullByPolicy(
  { env }: EngineContext,
  store: ImageStore,
  { image, pull, platform }: ContainerOptions,
  say: (line: string) => void,
): Promise<void> {
  const { isNewerInRegistry, pullImage } = await import('../../rootfs/copy/pull-image.ts')
  const { openRegistryAccess } = await import('../../rootfs/registry-client/registry-access.ts')
  const { progressLines } = await import('../../rootfs/cli/progress-lines.ts')
  const access = openRegistryAccess({ environment: env, onNote: say })
  try {
    if (pull === 'newer' && store.find(image)) {
      // As podman: what is here is good enough where the registry cannot be asked.
      const isNewer = await isNewerInRegistry(store, image, access).catch(() => false)
      if (isNewer !== true) return
    }
    const progress = progressLines(withTitle(`Pulling ${image}`, say))
    await pullImage(store, image, { access, platform, progress })
  } catch (cause) {
    throw isAbsent(cause) ? noSuchImage(image, cause) : cause
  } finally {
    access.close()
  }
}

/** The title comes with the first line: of what is not there nothing is pulled. */
function withTitle(title: string, say: (line: string) => void): (line: string) => void {
  let isTold = false
  return (line) => {
    if (!isTold) say(title)
    isTold = true
    say(line)
  }
}

/** Neither here nor there, as far as anybody can tell. */
function isAbsent(error: unknown): boolean {
  const codes = ['NOT_FOUND', 'ACCESS_DENIED', 'UNREACHABLE', 'TIMEOUT'] as const
  return codes.some((code) => hasCode(error, code))
}

function noSuchImage(image: string, cause: unknown): OperationError {
  return new OperationError(
    'NOT_FOUND',
    `no such image: ${image}`,
    {},
    {
      cause,
      hint: 'Get it with "myimage pull", "load" or "import", or make one with "myimage from-host"',
    },
  )
}

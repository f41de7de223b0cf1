import { OperationError } from '../../native/error.ts'
import { openContext } from '../container/open-engine.ts'

/**
 * What our own monitors and commands have us do; not for people. `ended ID` and `probe ID` come
 * from a container's monitor, as `remove-image IMAGE`; `names NETWORK` serves names until nobody needs them.
 */
export async function runInternalCommand(
  [verb, subject = '']: readonly string[],
  root: string | undefined,
): Promise<number> {
  const context = openContext(root, process.env)
  switch (verb) {
    case 'ended': {
      const { containerEnded } = await import('../container/ended.ts')
      await containerEnded(context, subject)
      return 0
    }
    case 'probe': {
      const { probeIfDue } = await import('../container/health.ts')
      await probeIfDue(context, subject)
      return 0
    }
    case 'remove-image': {
      const { removeUnusedImage } = await import('../container/prune-images.ts')
      await removeUnusedImage(context, subject)
      return 0
    }
    case 'names': {
      const { serveNames } = await import('../network/dns-server.ts')
      const { requireNetwork } = await import('../network/network-store.ts')
      await serveNames(context.folders, requireNetwork(context.folders, subject))
      return 0
    }
    default:
      throw new OperationError('INVALID_ARGUMENT', 'run an internal command', {
        verb: String(verb),
      })
  }
}

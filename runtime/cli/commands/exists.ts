import { hasCode } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'

/**
 * `network exists`, `volume exists` and so on, for scripts: 0 where it is there, 1 where it is not, nothing printed.
 *
 * @param look throws `NOT_FOUND` where it is not there
 */
function existsCommand(
  noun: string,
  look: (engine: Engine, name: string) => Promise<unknown>,
): Command {
  return {
    usage: noun.toUpperCase(),
    summary: `Check if a ${noun} exists`,
    flags: [],
    minimumArguments: 1,
    maximumArguments: 1,
    interspersed: true,
    async run({ args: [name = ''], engine }) {
      try {
        await look(await engine(), name)
        return 0
      } catch (error) {
        if (hasCode(error, 'NOT_FOUND')) return 1
        throw error
      }
    },
  }
}

export const containerExistsCommand = existsCommand('container', async (engine, name) =>
  engine.inspect(name, { size: false }),
)
export const networkExistsCommand = existsCommand('network', async (engine, name) =>
  engine.networkInspect(name),
)
export const podExistsCommand = existsCommand('pod', async (engine, name) => {
  const { requirePod } = await import('../../pod/pod.ts')
  return requirePod(engine, name)
})
export const secretExistsCommand = existsCommand('secret', async (engine, name) =>
  engine.secretInspect(name),
)
export const volumeExistsCommand = existsCommand('volume', async (engine, name) =>
  engine.volumeInspect(name),
)

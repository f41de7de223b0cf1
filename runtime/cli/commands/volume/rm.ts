import { OperationError } from '../../../../native/error.ts'
import type { Command, Invocation } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { eachContainer } from '../each-container.ts'

/** `volume rm` */
export const volumeRmCommand: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Remove one or more volumes',
  flags: [
    flag('bool', 'all,a', 'Remove all volumes'),
    flag('bool', 'force,f', 'Remove it even when it is used, or is not there'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const force = invocation.flags.bool('force')
    const args = await namedOrAll(invocation)
    return eachContainer({ ...invocation, args }, (engine, volume) =>
      engine.volumeRemove(volume, { force }),
    )
  },
}

async function namedOrAll({ flags, args, path, engine }: Invocation): Promise<readonly string[]> {
  const all = flags.bool('all')
  if (all === args.length > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `${path} requires at least 1 argument`,
      {},
      { hint: all ? 'Name volumes or use --all, not both' : `See '${path} --help'` },
    )
  return all ? (await (await engine()).volumeList()).map(({ name }) => name) : args
}

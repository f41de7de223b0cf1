import { OperationError } from '../../../native/error.ts'
import { parseDetachKeys } from '../../container/parse/detach-keys.ts'
import type { Command } from '../command.ts'
import { explainFlags, readExplain } from '../explain-flags.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'
import { selectedContainers, selectionFlags } from './selected-containers.ts'

/** `start` */
export const startCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Start one or more stopped containers',
  flags: [
    ...selectionFlags().map((spec) => (spec.name === 'all' ? { ...spec, short: undefined } : spec)),
    flag('bool', 'attach,a', 'Attach STDOUT/STDERR and forward signals'),
    flag('string', 'detach-keys', 'Override the key sequence for detaching a container'),
    ...explainFlags('container'),
    flag('bool', 'interactive,i', "Attach container's STDIN"),
    flag('bool', 'sig-proxy', 'Proxy received signals to the process', { default: 'true' }),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run(invocation) {
    const { flags, io, engine } = invocation
    const selected = await selectedContainers(
      invocation,
      (status) => !['running', 'paused'].includes(status),
    )
    // Those that join the namespaces of others are younger than they.
    const args = invocation.args.length > 0 ? selected : selected.toReversed()
    const { explain } = readExplain(flags)
    const wish = explain ? { explain } : {}
    const isAttached = flags.bool('attach') || flags.bool('interactive')
    if (!isAttached)
      return eachContainer({ args, io, engine }, async (opened, container) => {
        await opened.start(container, wish, io)
      })
    const [container, ...others] = args
    if (container === undefined || others.length > 0)
      throw new OperationError('INVALID_ARGUMENT', 'attach to several containers at once')
    const keys = flags.string('detach-keys')
    const attach = {
      stdin: flags.bool('interactive'),
      sigProxy: flags.bool('sig-proxy', true),
      ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
    }
    const { exitCode } = await (await engine()).start(container, { attach, ...wish }, io)
    return exitCode ?? 0
  },
}

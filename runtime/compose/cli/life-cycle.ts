// The commands that do one thing to each container of the services that are named.

import type { FlagSpec } from '../../cli/flag-spec.ts'
import { flag } from '../../cli/flag-spec.ts'
import { OperationError } from '../../../native/error.ts'
import { removeOne, restartOne, stopOne } from '../act/converge.ts'
import { isLive } from '../act/project-containers.ts'
import type { ProjectContainer } from '../act/project-containers.ts'
import type { Session } from '../act/session.ts'
import { inReverse } from '../act/take-down.ts'
import { chosenContainers } from './chosen-containers.ts'
import type { ComposeCommand, ComposeInvocation } from './compose-command.ts'

interface Verb {
  readonly summary: string
  readonly flags?: readonly FlagSpec[]
  readonly isFor: (one: ProjectContainer) => boolean
  readonly before: string
  readonly after: string
  readonly act: (
    session: Session,
    one: ProjectContainer,
    invocation: ComposeInvocation,
  ) => Promise<void>
}

function verb({ summary, flags = [], isFor, before, after, act }: Verb): ComposeCommand {
  return {
    usage: '[OPTIONS] [SERVICE...]',
    summary,
    flags,
    minimumArguments: 0,
    interspersed: true,
    async run(invocation) {
      const session = await invocation.session(invocation.args)
      const chosen = (await chosenContainers(session, invocation.args)).filter(isFor)
      await inReverse(chosen, async (one) => {
        session.say(`Container ${one.record.name}`, before)
        if (!session.isDryRun) await act(session, one, invocation)
        session.say(`Container ${one.record.name}`, after)
      })
      return 0
    },
  }
}

const timeoutFlag = flag('int', 'timeout,t', 'Timeout in seconds for container shutdown')
const isPaused = ({ state }: ProjectContainer): boolean => state.status === 'paused'

export const stopCommand = verb({
  summary: 'Stop services',
  flags: [timeoutFlag],
  isFor: isLive,
  before: 'Stopping',
  after: 'Stopped',
  act: (session, one, { flags }) => stopOne(session, one, { stopTimeout: flags.number('timeout') }),
})

export const killCommand = verb({
  summary: 'Force stop service containers',
  flags: [
    flag('bool', 'remove-orphans', 'Remove containers for services not in the Compose file'),
    flag('string', 'signal,s', 'SIGNAL to send to the container', { default: 'SIGKILL' }),
  ],
  isFor: isLive,
  before: 'Killing',
  after: 'Killed',
  act: ({ engine }, { record }, { flags }) =>
    engine.kill(record.id, flags.string('signal') ?? 'SIGKILL'),
})

export const restartCommand = verb({
  summary: 'Restart service containers',
  flags: [flag('bool', 'no-deps', "Don't restart dependent services"), timeoutFlag],
  isFor: () => true,
  before: 'Restarting',
  after: 'Started',
  act: (session, one, { flags }) => restartOne(session, one, flags.number('timeout')),
})

export const pauseCommand = verb({
  summary: 'Pause services',
  isFor: (one) => isLive(one) && !isPaused(one),
  before: 'Pausing',
  after: 'Paused',
  act: ({ engine }, { record }) => engine.pause(record.id),
})

export const unpauseCommand = verb({
  summary: 'Unpause services',
  isFor: isPaused,
  before: 'Unpausing',
  after: 'Unpaused',
  act: ({ engine }, { record }) => engine.unpause(record.id),
})

export const removeCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Removes stopped service containers',
  flags: [
    flag('bool', 'force,f', "Don't ask to confirm removal"),
    flag('bool', 'stop,s', 'Stop the containers, if required, before removing'),
    flag('bool', 'volumes,v', 'Remove any anonymous volumes attached to containers'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    const session = await open(args)
    const all = await chosenContainers(session, args)
    const chosen = all.filter((one) => flags.bool('stop') || !isLive(one))
    if (chosen.length === 0) session.io.stderr.write('No stopped containers\n')
    if (chosen.length > 0 && !flags.bool('force') && !flags.bool('stop'))
      throw new OperationError(
        'INVALID_ARGUMENT',
        `remove ${chosen.map(({ record }) => record.name).join(', ')}`,
        {},
        { exitCode: 1, hint: 'Say that you mean it: --force' },
      )
    await inReverse(chosen, (one) =>
      removeOne(session, one, { stopTimeout: undefined, volumes: flags.bool('volumes') }),
    )
    return 0
  },
}

import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import type { FlagSpec } from '../../cli/flag-spec.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import { bringUp, waitForAll } from '../act/bring-up.ts'
import type { UpOptions } from '../act/bring-up.ts'
import type { Session } from '../act/session.ts'
import { stayWith } from '../act/stay-with.ts'
import type { ComposeCommand } from './compose-command.ts'

/** What `up` and `create` share. */
export function creationFlags(): FlagSpec[] {
  return [
    flag('bool', 'build', 'Build images before starting containers'),
    flag('bool', 'force-recreate', 'Recreate containers even if nothing changed'),
    flag('bool', 'no-build', "Don't build an image, even if it's missing"),
    flag('bool', 'no-recreate', "If containers already exist, don't recreate them"),
    flag('string', 'pull', 'Pull image before running ("always"|"missing"|"never")'),
    flag('bool', 'quiet-pull', 'Pull without printing progress information'),
    flag('bool', 'remove-orphans', 'Remove containers for services not in the Compose file'),
    flag('list', 'scale', 'Scale SERVICE to NUM instances', { value: 'SERVICE=NUM' }),
  ]
}

export const upCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Create and start containers',
  flags: [
    ...creationFlags(),
    flag('bool', 'abort-on-container-exit', 'Stop all containers if any container was stopped'),
    flag('bool', 'abort-on-container-failure', 'Stop all containers if any container failed'),
    flag('bool', 'always-recreate-deps', 'Recreate dependent containers'),
    flag('list', 'attach', 'Restrict attaching to the specified services'),
    flag('bool', 'detach,d', 'Run containers in the background'),
    flag('string', 'exit-code-from', 'Return the exit code of the selected service container'),
    flag('list', 'no-attach', 'Do not attach to the specified services'),
    flag('bool', 'no-color', 'Produce monochrome output'),
    flag('bool', 'no-deps', "Don't start linked services"),
    flag('bool', 'no-log-prefix', "Don't print prefix in logs"),
    flag('bool', 'no-start', "Don't start the services after creating them"),
    flag('bool', 'renew-anon-volumes,V', 'Recreate anonymous volumes'),
    flag('int', 'timeout,t', 'Timeout in seconds for container shutdown'),
    flag('bool', 'timestamps', 'Show timestamps'),
    flag('bool', 'wait', 'Wait for services to be running|healthy. Implies detached mode'),
    flag('int', 'wait-timeout', 'Maximum seconds to wait for the project to be running|healthy'),
    flag('bool', 'watch,w', 'Watch source code and rebuild/refresh containers when it changes'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, session: open }) {
    requireConsistent(flags)
    const session = scaled(await open(args), flags.list('scale'))
    const since = Date.now()
    const converged = await bringUp(session, upOptions(flags, args))
    if (flags.bool('wait')) await withDeadline(waitForAll(session, converged), flags)
    const isDetached = flags.bool('detach') || flags.bool('wait') || flags.bool('no-start')
    if (flags.bool('watch')) {
      const { watchProject } = await import('../act/watch-project.ts')
      await watchProject(session, args)
      return 0
    }
    if (isDetached || session.isDryRun) return 0
    const only = flags.list('attach')
    const exitCodeFrom = flags.string('exit-code-from')
    const isEarly = flags.bool('abort-on-container-exit') || exitCodeFrom !== undefined
    return stayWith(session, {
      ids: [...converged.values()].flatMap(({ ids }) => ids),
      isShown: (service) =>
        session.project.services[service]?.attach !== false &&
        (only.length === 0 || only.includes(service)) &&
        !flags.list('no-attach').includes(service),
      timestamps: flags.bool('timestamps'),
      hasPrefix: !flags.bool('no-log-prefix'),
      hasColor: session.io.stdoutIsTty && !flags.bool('no-color'),
      endAt: isEarly ? 'first' : flags.bool('abort-on-container-failure') ? 'failure' : 'all',
      exitCodeFrom,
      stopTimeout: flags.number('timeout'),
      since,
    })
  },
}

export function upOptions(flags: ParsedFlags, services: readonly string[]): UpOptions {
  const recreate = flags.bool('force-recreate')
    ? 'always'
    : flags.bool('no-recreate')
      ? 'never'
      : 'changed'
  return {
    services,
    withDependencies: !flags.bool('no-deps'),
    recreateDependencies: flags.bool('always-recreate-deps'),
    start: !flags.bool('no-start'),
    removeOrphans: flags.bool('remove-orphans'),
    recreate,
    renewVolumes: flags.bool('renew-anon-volumes'),
    stopTimeout: flags.number('timeout'),
    build: flags.bool('build'),
    noBuild: flags.bool('no-build'),
    pull: flags.string('pull'),
    quietPull: flags.bool('quiet-pull'),
  }
}

/** With other numbers of containers than the files say. @throws {OperationError} `INVALID_ARGUMENT` */
export function scaled(session: Session, entries: readonly string[]): Session {
  const { project } = session
  const services = { ...project.services }
  for (const entry of entries) {
    const [, name = '', count] = /^([^=]+)=(\d{1,4})$/.exec(entry) ?? []
    const service = services[name]
    if (!service || count === undefined)
      throw new OperationError(
        'INVALID_ARGUMENT',
        `invalid scale ${JSON.stringify(entry)}`,
        {},
        { exitCode: 1, hint: 'Write SERVICE=NUM with a service of the file' },
      )
    if (service.containerName !== undefined && Number(count) > 1)
      throw new OperationError(
        'INVALID_ARGUMENT',
        `service ${JSON.stringify(name)} has a container_name: it cannot have ${count} containers`,
        {},
        { exitCode: 1, hint: 'Leave container_name out' },
      )
    services[name] = { ...service, scale: Number(count) }
  }
  return { ...session, project: { ...project, services } }
}

function requireConsistent(flags: ParsedFlags): void {
  const pairs = [
    ['build', 'no-build'],
    ['force-recreate', 'no-recreate'],
    ['detach', 'abort-on-container-exit'],
    ['detach', 'abort-on-container-failure'],
  ] as const
  for (const [first, second] of pairs)
    if (flags.bool(first) && flags.bool(second))
      throw new OperationError(
        'INVALID_ARGUMENT',
        `--${first} and --${second} are incompatible`,
        {},
        { exitCode: 1 },
      )
}

async function withDeadline(work: Promise<void>, flags: ParsedFlags): Promise<void> {
  const seconds = flags.number('wait-timeout')
  if (seconds === undefined) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      reject(new OperationError('TIMEOUT', `wait ${seconds} s for services`, {}, { exitCode: 1 })),
    seconds * 1000,
  )
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

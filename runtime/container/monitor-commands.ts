import { join } from 'node:path'
import { distFolder } from '../../native/paths.ts'
import type { EngineContext } from './engine-context.ts'
import { beginEvent, eventsPath } from './events.ts'
import type { ContainerRecord } from './record.ts'
import type { StartRecord } from './start-record.ts'

/** What a monitor does for us, in the words of the program compiler. */
export interface Hook {
  /** In place of the monitor, when the container has ended. */
  readonly exitCommand?: {
    readonly argv: readonly string[]
    readonly env: readonly string[]
    readonly delayMs: number
  }
  /** Again and again while it runs. */
  readonly tick?: {
    readonly argv: readonly string[]
    readonly firstMs: number
    readonly everyMs: number
  }
  /** What it tells those who follow events. */
  readonly events: {
    readonly path: string
    readonly started: string
    readonly ended: string
    readonly cleaned?: string
    readonly oom: string
  }
}

const firstBackoffMs = 100
const longestBackoffMs = 60_000

/**
 * Wait before the next restart: 100 ms, twice as long each time, at most a minute (moby's restart
 * manager). A run of ten seconds or more starts the series anew; the monitor sees to that.
 */
export function restartDelayMs(restartCount: number): number {
  return Math.min(firstBackoffMs * 2 ** Math.min(restartCount, 20), longestBackoffMs)
}

/** What must happen without anybody asking: restarts, health checks, and the removal of an image with `--rmi`. */
export function monitorCommands(
  context: EngineContext,
  record: ContainerRecord,
  { restartCount, network }: Pick<StartRecord, 'restartCount' | 'network'>,
): Hook {
  const { restart, rm, rmi } = record.options
  const health = record.resolved.health
  return {
    events: {
      path: eventsPath(context.folders),
      started: beginEvent(record, 'start', {}, network?.attachments),
      ended: beginEvent(record, 'die', {}, network?.attachments),
      oom: beginEvent(record, 'oom'),
      ...(rm ? { cleaned: beginEvent(record, 'destroy') } : {}),
    },
    ...(restart.name !== 'no' || rmi
      ? {
          exitCommand: {
            argv: rmi
              ? ourCommand(context, 'remove-image', record.options.image)
              : ourCommand(context, 'ended', record.id),
            env: keptEnvironment(context),
            delayMs: rmi ? 0 : restartDelayMs(restartCount),
          },
        }
      : {}),
    ...(health && !health.disabled
      ? {
          tick: {
            argv: ourCommand(context, 'probe', record.id),
            firstMs: firstProbeMs(health),
            everyMs: tickMs(health),
          },
        }
      : {}),
  }
}

function keptEnvironment({ env }: EngineContext): string[] {
  return keptVariables.flatMap((name) => {
    const value = env[name]
    return value === undefined ? [] : [`${name}=${value}`]
  })
}

type Health = NonNullable<ContainerRecord['resolved']['health']>

function firstProbeMs(health: Health): number {
  return tickMs(health)
}

/** The start interval rules while the start period lasts; the probe itself skips what is not due. */
function tickMs({
  intervalMs = 30_000,
  startPeriodMs = 0,
  startIntervalMs = 5000,
}: Health): number {
  return startPeriodMs > 0 ? Math.min(intervalMs, startIntervalMs) : intervalMs
}

/** What a command of ours needs to find the same state; nothing else of the user's environment. */
const keptVariables = [
  'PATH',
  'HOME',
  'XDG_RUNTIME_DIR',
  'XDG_DATA_HOME',
  'MYCONTAINER_USERNS',
  'MYCONTAINER_ROOTLESS_UID',
  'MYCONTAINER_ROOTLESS_GID',
  'MYCONTAINER_NETNS',
] as const

/** As native/shim/client.c gives them, for commands that are over soon. */
const shortCommandFlags = ['--v8-pool-size=0', '--min-semi-space-size=16', '--no-rehash-snapshot']

/** Command line that has this program do `verb` on its own, for the same state. */
export function ourCommand(
  { folders }: EngineContext,
  verb: 'ended' | 'probe' | 'names' | 'remove-image',
  subject: string,
): [string, ...string[]] {
  const root = folders.root === undefined ? [] : ['--root', folders.root]
  const flags = verb === 'names' ? [] : shortCommandFlags
  return [
    process.execPath,
    ...flags,
    join(distFolder, 'mycontainer.cjs'),
    ...root,
    'internal',
    verb,
    subject,
  ]
}

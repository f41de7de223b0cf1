import type { Command } from 'commander'
import { finished } from 'node:stream/promises'
import type { KubeObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure, untilInterrupted } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly follow?: boolean
  readonly container?: string
  readonly previous?: boolean
  readonly tail?: string
  readonly since?: string
  readonly timestamps?: boolean
  readonly selector?: string
}

/** Lines of each pod where several are selected. */
const usualTailOfMany = '10'

/** `myorch logs POD`. */
export function addLogs(program: Command): void {
  const command = program
    .command('logs')
    .description('What a container has written')
    .argument('[pod...]', 'POD [CONTAINER], or TYPE/NAME')
    .option('-f, --follow', 'go on with what is written')
    .option('-c, --container <name>', 'absent: the first one')
    .option('-p, --previous', 'of the run before this one')
    .option('--tail <lines>', 'only so many of the last lines')
    .option('--since <time>', 'only what is younger, like 90s, 5m, 1h')
    .option('--timestamps', 'each line with its time')
    .option('-l, --selector <labels>', 'of all pods with these labels')
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { findPods } = await import('./resources/find-pods.ts')
    const pods = await findPods(session, words[0], flags.selector)
    const container = flags.container ?? words[1]
    const { signal, done } = untilInterrupted()
    try {
      const printed = pods.map((pod) => () => print(session, pod, container, flags, signal))
      if (flags.follow) await Promise.all(printed.map((each) => each()))
      else for (const each of printed) await each()
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      done()
    }
  })
}

async function print(
  session: Session,
  pod: KubeObject,
  container: string | undefined,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { containerOf } = await import('./resources/find-pods.ts')
  const tail = flags.tail ?? (flags.selector === undefined ? undefined : usualTailOfMany)
  const query = new URLSearchParams({
    container: containerOf(pod, container),
    ...(flags.follow ? { follow: 'true' } : {}),
    ...(flags.previous ? { previous: 'true' } : {}),
    ...(flags.timestamps ? { timestamps: 'true' } : {}),
    ...(tail === undefined || tail === '-1' ? {} : { tailLines: tail }),
    ...(flags.since === undefined ? {} : { sinceSeconds: String(seconds(flags.since)) }),
  })
  const { name = '', namespace = '' } = pod.metadata
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`
  const response = await session.stream({ path, accept: '*/*', signal })
  response.pipe(process.stdout, { end: false })
  await finished(response)
}

const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 }

/** `1h30m` in whole seconds, rounded up. */
function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  if (parts.map(([part]) => part).join('') !== text || parts.length === 0)
    throw new CommandFailure(
      `invalid argument "${text}" for "--since" flag: time: invalid duration "${text}"`,
    )
  return Math.ceil(
    parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * unitSeconds[unit]!, 0),
  )
}

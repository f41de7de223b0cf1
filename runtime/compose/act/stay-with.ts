// `up` in the foreground: show what the containers write, and stop them when the user has seen enough.

import { describe, isLive, projectContainers } from './project-containers.ts'
import type { ProjectContainer } from './project-containers.ts'
import { stopOne } from './converge.ts'
import type { Session } from './session.ts'
import { logPrefixes } from './show-logs.ts'
import { showLogs } from './show-logs.ts'
import { inReverse } from './take-down.ts'

export interface StayOptions {
  readonly ids: readonly string[]
  /** Whose output is shown. */
  readonly isShown: (service: string) => boolean
  readonly timestamps: boolean
  readonly hasPrefix: boolean
  readonly hasColor: boolean
  /** When the first one ends, or the first one that fails. */
  readonly endAt: 'all' | 'first' | 'failure'
  /** Whose exit code is the command's. */
  readonly exitCodeFrom: string | undefined
  readonly stopTimeout: number | undefined
  /** Milliseconds since the epoch: output from before is old. */
  readonly since: number
}

/** @returns the exit code */
export async function stayWith(session: Session, options: StayOptions): Promise<number> {
  const { engine, io } = session
  const containers = await Promise.all(
    options.ids.map(async (id) => describe(await engine.inspect(id))),
  )
  const shown = containers.filter(({ service }) => options.isShown(service))
  const ended = new AbortController()
  const prefixes = logPrefixes(shown, options)
  const logs = showLogs(session, shown, {
    follow: true,
    since: options.since,
    signal: ended.signal,
    timestamps: options.timestamps,
    hasPrefix: options.hasPrefix,
    hasColor: options.hasColor,
    inOrder: false,
  })
  const interrupted = new Promise<'interrupted'>((resolve) => {
    if (io.signal?.aborted === true) resolve('interrupted')
    io.signal?.addEventListener('abort', () => resolve('interrupted'), { once: true })
  })
  const ends = containers.map(async (container) => {
    const code = await engine.wait(container.record.id)
    const prefix = prefixes.get(container.record.id)
    if (prefix !== undefined && options.endAt !== 'all')
      io.stdout.write(`${container.record.name} exited with code ${code}\n`)
    return { container, code }
  })
  const outcome = await Promise.race([interrupted, untilEnd(ends, options)])
  if (outcome === 'interrupted')
    io.stderr.write('Gracefully stopping... (press Ctrl+C again to force)\n')
  const mustStop = outcome === 'interrupted' || options.endAt !== 'all'
  if (mustStop) await stopAll(session, containers, options)
  // What they wrote last is still to come; following ends with them.
  if (outcome === 'interrupted') ended.abort()
  await logs
  if (outcome === 'interrupted') return 130
  return exitCode(session, outcome, options)
}

interface End {
  readonly container: ProjectContainer
  readonly code: number
}

async function untilEnd(ends: readonly Promise<End>[], { endAt }: StayOptions): Promise<End[]> {
  if (endAt === 'all') return Promise.all(ends)
  if (endAt === 'first') return [await Promise.race(ends)]
  const failed = ends.map(async (end) => {
    const { code, container } = await end
    if (code === 0) throw new Error('it went well')
    return { code, container }
  })
  return Promise.any(failed).then(
    (one) => [one],
    async () => Promise.all(ends),
  )
}

async function exitCode(
  { engine }: Session,
  ends: readonly End[],
  { exitCodeFrom, endAt }: StayOptions,
): Promise<number> {
  const wanted = ends.find(({ container }) => container.service === exitCodeFrom)
  if (wanted) return wanted.code
  if (exitCodeFrom !== undefined) {
    const project = ends[0]?.container.record.resolved.labels['com.docker.compose.project'] ?? ''
    const one = (await projectContainers(engine, project)).find(
      ({ service, isOneOff }) => service === exitCodeFrom && !isOneOff,
    )
    return one?.state.exitCode ?? 1
  }
  return endAt === 'all' ? 0 : (ends[0]?.code ?? 0)
}

async function stopAll(
  session: Session,
  containers: readonly ProjectContainer[],
  { stopTimeout }: StayOptions,
): Promise<void> {
  await inReverse(containers, async ({ record }) => {
    const now = describe(await session.engine.inspect(record.id))
    if (!isLive(now)) return
    session.say(`Container ${record.name}`, 'Stopping')
    await stopOne(session, now, { stopTimeout })
    session.say(`Container ${record.name}`, 'Stopped')
  })
}

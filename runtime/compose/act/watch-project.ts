import { watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { hasCode, describeError } from '../../../native/error.ts'
import type { WatchRule } from '../model/service.ts'
import { bringUp } from './bring-up.ts'
import { buildImages } from './build-images.ts'
import { restartOne } from './converge.ts'
import { runHooks, stayingIo } from './hooks.ts'
import { isLive, projectContainers } from './project-containers.ts'
import type { Session } from './session.ts'

/** Milliseconds of quiet after which changes are acted on: editors and git write many files in a row. */
const quiet = 200

interface Watched {
  readonly service: string
  readonly rule: WatchRule
}

/** Act on changes of files as `develop.watch` says, until interrupted. */
export async function watchProject(session: Session, services: readonly string[]): Promise<void> {
  const { project, io, warn } = session
  const names = services.length > 0 ? services : Object.keys(project.services)
  const watched = names.flatMap((service) =>
    (project.services[service]?.watch ?? []).map((rule): Watched => ({ service, rule })),
  )
  if (watched.length === 0) {
    warn(
      'none of the selected services is configured for watch, consider setting a "develop" section',
    )
    return
  }
  io.stderr.write('Watch enabled\n')
  const signal = io.signal ?? new AbortController().signal
  // One thing at a time: a build that is overtaken by the next change would be of neither.
  let queue: Promise<void> = Promise.resolve()
  const closes = watched.map((one) =>
    watchRule(one, (paths) => {
      queue = queue
        .then(() => act(session, one, paths))
        .catch((error: unknown) => warn(describeError(error)))
    }),
  )
  for (const one of watched.filter(({ rule }) => rule.initialSync === true))
    queue = queue
      .then(async () => sync(session, one, await initialPaths(one)))
      .catch((error: unknown) => warn(describeError(error)))
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  for (const close of closes) close()
  await queue
}

function watchRule({ rule }: Watched, onChange: (paths: readonly string[]) => void): () => void {
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(rule.path, { recursive: true }, (_event, name) => {
    const path = name ?? ''
    if (!isWanted(path, rule)) return
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const paths = [...changed]
      changed.clear()
      onChange(paths)
    }, quiet)
  })
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}

/** As in .dockerignore, with what every tool leaves lying around. */
export function isIgnored(path: string, patterns: readonly string[]): boolean {
  const parts = path.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.includes('.git') || /(?:^\.#|~$|\.sw[px]$|^4913$)/.test(name)) return true
  return patterns.some((pattern) => {
    const clean = pattern.replace(/^\.?\//, '').replace(/\/$/, '')
    return path === clean || path.startsWith(`${clean}/`) || matchesGlob(path, clean)
  })
}

function matchesGlob(path: string, pattern: string): boolean {
  const source = pattern
    .split(/(\*\*\/?|\*|\?)/)
    .map((piece) => {
      if (piece.startsWith('**')) return '(?:.*/)?'
      if (piece === '*') return '[^/]*'
      if (piece === '?') return '[^/]'
      return piece.replaceAll(/[$()+.[\\\]^{|}]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${source}(?:/.*)?$`).test(path)
}

async function act(
  session: Session,
  { service, rule }: Watched,
  paths: readonly string[],
): Promise<void> {
  const { io } = session
  if (rule.action === 'rebuild') {
    io.stderr.write(
      `Rebuilding service ${JSON.stringify(service)} after changes were detected...\n`,
    )
    await buildImages(session, [service], {
      noCache: false,
      pull: false,
      quiet: false,
      args: [],
      push: false,
    })
    await bringUp(session, {
      services: [service],
      withDependencies: false,
      recreateDependencies: false,
      start: true,
      removeOrphans: false,
      recreate: 'changed',
      renewVolumes: false,
      stopTimeout: undefined,
      build: false,
      noBuild: true,
      pull: undefined,
      quietPull: true,
    })
    return
  }
  if (rule.action.startsWith('sync')) {
    await sync(session, { service, rule }, paths)
    for (const { record } of rule.exec ? await runningOf(session, service) : [])
      await runHooks(session, service, record.id, rule.exec && [rule.exec])
  }
  if (rule.action === 'restart' || rule.action === 'sync+restart')
    for (const one of await runningOf(session, service)) {
      await restartOne(session, one, undefined)
      io.stderr.write(`service ${JSON.stringify(service)} restarted\n`)
    }
}

async function sync(
  session: Session,
  { service, rule }: Watched,
  paths: readonly string[],
): Promise<void> {
  session.io.stderr.write(
    `Syncing service ${JSON.stringify(service)} after ${paths.length} changes were detected\n`,
  )
  for (const path of paths) await syncPath(session, { service, rule }, path)
}

/** What is in the folder of a rule before anything changes. */
async function initialPaths({ rule }: Watched): Promise<string[]> {
  if ((await stat(rule.path)).isFile()) return ['']
  const found = await readdir(rule.path, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(rule.path, join(entry.parentPath, entry.name)))
    .filter((path) => isWanted(path, rule))
}

function isWanted(path: string, { ignore = [], include = [] }: WatchRule): boolean {
  if (isIgnored(path, ignore)) return false
  return include.length === 0 || include.some((pattern) => matchesGlob(path, pattern))
}

async function syncPath(session: Session, { service, rule }: Watched, path: string): Promise<void> {
  const { engine, io } = session
  const from = join(rule.path, path)
  const isFile = (await stat(rule.path)).isFile()
  const to = isFile ? (rule.target ?? '/') : join(rule.target ?? '/', relative(rule.path, from))
  const present = await stat(from).catch(() => undefined)
  for (const { record } of await runningOf(session, service)) {
    if (!present) {
      await executeAsRoot(session, record.id, ['rm', '-rf', '--', to])
      continue
    }
    const copy = async (): Promise<void> =>
      engine.copy(
        {
          from: { kind: 'host', path: present.isDirectory() ? `${from}/.` : from },
          to: { kind: 'container', container: record.id, path: to },
          archive: false,
          followLink: false,
        },
        io,
      )
    try {
      await copy()
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND')) throw error
      // Gone again between the event and the copy: its removal is the next event.
      if (!(await stat(from).catch(() => undefined))) continue
      await executeAsRoot(session, record.id, ['mkdir', '-p', '--', dirname(to)])
      await copy()
    }
  }
}

async function executeAsRoot(
  session: Session,
  container: string,
  command: readonly string[],
): Promise<void> {
  const plain = { interactive: false, tty: false, detach: false, privileged: false }
  await session.engine.exec(
    container,
    { command, env: [], preserveFds: 0, ...plain, user: '0' },
    stayingIo(session),
  )
}

async function runningOf(session: Session, service: string) {
  const all = await projectContainers(session.engine, session.project.name)
  return all.filter((one) => one.service === service && isLive(one) && !one.isOneOff)
}

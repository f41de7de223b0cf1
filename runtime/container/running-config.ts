import { readFileSync } from 'node:fs'
import type { Config } from '../spec/config.ts'
import { parseJson, stringifyJson } from '../spec/json.ts'
import { chooseSeccomp } from './choose-seccomp.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { readStartTicks } from './process-identity.ts'
import { isFrozen } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { type StartRecord, readStartRecord } from './start-record.ts'
import type { ContainerState } from './state.ts'

/** What a running container was started with; it does not change until it is started again. */
export interface RunningConfig {
  /** Of its init, as the host numbers it. */
  readonly pid: number
  readonly config: Config
  readonly start: StartRecord | undefined
}

/** By container, with the run that it is of. A few: whoever runs programs again and again means the same ones. */
const known = new Map<string, RunningConfig & { readonly run: string }>()

/**
 * What is known of a container that ran before and, as the kernel has it, still does: its init is the same process and
 * not frozen. Where it does not, or nobody has looked yet, its files have to say more.
 */
export function knownRunning(
  { folders }: EngineContext,
  record: ContainerRecord,
): RunningConfig | undefined {
  const kept = known.get(containerFolder(folders, record.id).path)
  if (kept === undefined || runOf(kept.pid) !== kept.run) return undefined
  const group = kept.start?.cgroup.v2
  return group !== undefined && isFrozen(group) ? undefined : kept
}

/** One run of a container: its init's pid, and when that began, as its number may be used again. */
function runOf(pid: number, startTicks: number | string | undefined = readStartTicks(pid)): string {
  return `${pid} ${startTicks}`
}
const knownLimit = 64

/**
 * Configuration and start record of a running container, as it was started.
 *
 * @param state of just now: it names the run
 */
export function runningConfig(
  context: EngineContext,
  record: ContainerRecord,
  { pid, pidStartTime }: Pick<ContainerState, 'pid' | 'pidStartTime'>,
): RunningConfig {
  const run = runOf(pid, pidStartTime ?? 'unknown')
  const folder = containerFolder(context.folders, record.id)
  const kept = known.get(folder.path)
  if (kept?.run === run) return kept
  const start = readStartRecord(folder)
  // Written by this program and readable by nobody else: it was checked when it was made.
  const config = parseJson(readFileSync(folder.config, 'utf8')) as Config
  const found = { config: withKnownSeccomp(context, record, config), start, run, pid }
  if (known.size >= knownLimit) known.delete(known.keys().next().value ?? '')
  known.set(folder.path, found)
  return found
}

/** The same filter, in the object that its compiled form is known by. */
function withKnownSeccomp(
  { facts, folders }: EngineContext,
  record: ContainerRecord,
  config: Config,
): Config {
  const seccomp = config.linux?.seccomp
  const isBuiltIn = record.options.security.seccomp === undefined
  if (seccomp === undefined || !isBuiltIn) return config
  const bounding = config.process?.capabilities?.bounding ?? []
  const builtIn = chooseSeccomp(undefined, bounding, facts, folders)
  // Another version of this program may have started it, with another profile.
  if (stringifyJson(builtIn) !== stringifyJson(seccomp)) return config
  return { ...config, linux: { ...config.linux, seccomp: builtIn } }
}

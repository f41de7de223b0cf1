import { readFileSync } from 'node:fs'
import type { Config } from '../spec/config.ts'
import { parseJson, stringifyJson } from '../spec/json.ts'
import { chooseSeccomp } from './choose-seccomp.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import type { ContainerRecord } from './record.ts'
import { type StartRecord, readStartRecord } from './start-record.ts'
import type { ContainerState } from './state.ts'

/** What a running container was started with; it does not change until it is started again. */
export interface RunningConfig {
  readonly config: Config
  readonly start: StartRecord | undefined
}

/** By container, with the run that it is of. A few: whoever runs programs again and again means the same ones. */
const known = new Map<string, RunningConfig & { readonly run: string }>()
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
  const run = `${pid} ${pidStartTime}`
  const folder = containerFolder(context.folders, record.id)
  const kept = known.get(folder.path)
  if (kept?.run === run) return kept
  const start = readStartRecord(folder)
  // Written by this program and readable by nobody else: it was checked when it was made.
  const config = parseJson(readFileSync(folder.config, 'utf8')) as Config
  const found = { config: withKnownSeccomp(context, record, config), start, run }
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

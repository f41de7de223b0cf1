import { OperationError } from '../../../native/error.ts'
import { dependenciesOf } from '../file/require-references.ts'
import type { Service } from '../model/service.ts'
import { checkServices } from './check-services.ts'
import { converge, restartOne } from './converge.ts'
import type { ConvergeOptions, Converged } from './converge.ts'
import { ensureImages } from './ensure-images.ts'
import type { ImageOptions } from './ensure-images.ts'
import { runHooks } from './hooks.ts'
import { ensureNetworks } from './networks.ts'
import { isLive, projectContainers } from './project-containers.ts'
import type { ProjectContainer } from './project-containers.ts'
import type { Session } from './session.ts'
import { ensureVolumes } from './volumes.ts'
import { untilHealthy, waitFor } from './wait-for.ts'

export interface UpOptions extends ConvergeOptions, ImageOptions {
  /** Empty: all. */
  readonly services: readonly string[]
  readonly withDependencies: boolean
  /** Those that the named ones depend on are made anew too. */
  readonly recreateDependencies: boolean
  readonly start: boolean
  readonly removeOrphans: boolean
}

/**
 * Have the services run as the files say; only what changed is made anew. Services that do not wait for each other come up
 * side by side.
 *
 * @returns what each service's containers are now
 */
export async function bringUp(
  session: Session,
  options: UpOptions,
): Promise<ReadonlyMap<string, Converged>> {
  const { project, engine } = session
  const named = options.services.length > 0 ? options.services : Object.keys(project.services)
  const wanted = options.withDependencies ? withDependencies(session, named) : [...named]
  requireServices(session, wanted)
  await checkServices(session, wanted)
  await ensureImages(session, wanted, options)
  const services = wanted.map((name) => project.services[name] ?? {})
  await ensureNetworks(session, services.flatMap(networkKeys))
  await ensureVolumes(session, services.flatMap(volumeKeys))
  const present = await projectContainers(engine, project.name)
  await handleOrphans(session, present, options)
  const mine = (name: string): ProjectContainer[] =>
    present.filter((one) => one.service === name && !one.isOneOff)
  const results = new Map<string, Promise<Converged>>()
  const bring = (name: string): Promise<Converged> => {
    const known = results.get(name)
    if (known) return known
    const made = bringOne(session, name, {
      present: mine(name),
      options:
        named.includes(name) || options.recreateDependencies
          ? options
          : { ...options, recreate: options.recreate === 'always' ? 'changed' : options.recreate },
      dependency: (other) => (wanted.includes(other) ? bring(other) : undefined),
      others: mine,
    })
    results.set(name, made)
    return made
  }
  const settled = await Promise.allSettled(wanted.map(bring))
  const broken = settled.find((one) => one.status === 'rejected')
  if (broken) throw broken.reason
  const entries = await Promise.all(wanted.map(async (name) => [name, await bring(name)] as const))
  return new Map(entries)
}

interface Bringing {
  readonly present: readonly ProjectContainer[]
  readonly options: UpOptions
  /** Undefined: it is not brought up with this one. */
  readonly dependency: (service: string) => Promise<Converged> | undefined
  readonly others: (service: string) => readonly ProjectContainer[]
}

async function bringOne(session: Session, name: string, bringing: Bringing): Promise<Converged> {
  const { options, present } = bringing
  const service = session.project.services[name] ?? {}
  const mustRestart = await waitForDependencies(session, service, bringing)
  const converged = await converge(session, name, present, options)
  if (!options.start) return converged
  const byId = new Map(present.map((one) => [one.record.id, one]))
  await Promise.all(
    converged.ids.map(async (id) => {
      const known = byId.get(id)
      const what = known?.record.name
      if (known && isLive(known) && known.state.status !== 'paused') {
        if (!mustRestart) return session.say(`Container ${what}`, 'Running')
        session.say(`Container ${what}`, 'Restarting')
        if (!session.isDryRun) await restartOne(session, known, undefined)
        return session.say(`Container ${what}`, 'Restarted')
      }
      await startOne(session, name, id)
    }),
  )
  return converged
}

/** @returns whether one was made anew whose depends_on says that this one restarts with it */
async function waitForDependencies(
  session: Session,
  service: Service,
  { options, dependency, others }: Bringing,
): Promise<boolean> {
  let mustRestart = false
  await Promise.all(
    dependenciesOf(service).map(async (other) => {
      const converged = dependency(other)
      const {
        condition = 'service_started',
        required = true,
        restart = false,
      } = service.dependsOn?.[other] ?? {}
      try {
        const { ids, isChanged } = (await converged) ?? {
          ids: others(other).map(({ record }) => record.id),
          isChanged: false,
        }
        if (restart && isChanged) mustRestart = true
        if (options.start && converged) await waitFor(session, other, ids, condition)
      } catch (error) {
        if (required) throw error
        session.warn(`optional dependency ${other} failed to start`)
      }
    }),
  )
  return mustRestart
}

async function startOne(session: Session, service: string, id: string): Promise<void> {
  const { engine, io, say, isDryRun } = session
  if (isDryRun) return
  const { record, state } = await engine.inspect(id)
  say(`Container ${record.name}`, 'Starting')
  if (state.status === 'paused') await engine.unpause(id)
  else {
    await engine.start(id, {}, io)
    await runHooks(session, service, id, session.project.services[service]?.postStart)
  }
  say(`Container ${record.name}`, 'Started')
}

/** The named services and all that they depend on. @throws {OperationError} `NOT_FOUND` */
export function withDependencies({ project }: Session, named: readonly string[]): string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    const service = project.services[name]
    if (!service && !named.includes(name)) return
    for (const other of dependenciesOf(service ?? {})) visit(other)
    found.add(name)
  }
  for (const name of named) visit(name)
  return [...found]
}

/** @throws {OperationError} `NOT_FOUND` */
export function requireServices({ project }: Session, names: readonly string[]): void {
  const missing = names.find((name) => !Object.hasOwn(project.services, name))
  if (missing === undefined) return
  throw new OperationError(
    'NOT_FOUND',
    `no such service: ${missing}`,
    {},
    { exitCode: 1, hint: `There are: ${Object.keys(project.services).join(', ')}` },
  )
}

function networkKeys({ networks = {}, networkMode }: Service): string[] {
  if (networkMode !== undefined) return []
  const keys = Object.keys(networks)
  return keys.length === 0 ? ['default'] : keys
}

function volumeKeys({ volumes = [] }: Service): string[] {
  return volumes.flatMap(({ type, source }) =>
    type === 'volume' && source !== undefined ? [source] : [],
  )
}

async function handleOrphans(
  session: Session,
  present: readonly ProjectContainer[],
  options: UpOptions,
): Promise<void> {
  const { project, warn } = session
  const known = { ...project.services, ...project.disabled }
  const orphans = present.filter((one) => !one.isOneOff && !Object.hasOwn(known, one.service))
  if (orphans.length === 0 || project.environment['COMPOSE_IGNORE_ORPHANS'] === 'true') return
  if (!options.removeOrphans)
    return warn(
      `Found orphan containers (${orphans.map(({ record }) => record.name).join(', ')}) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.`,
    )
  const { removeOne } = await import('./converge.ts')
  await Promise.all(orphans.map((one) => removeOne(session, one, options)))
}

/** Until everything that was brought up is healthy, or runs where it has no health check. */
export async function waitForAll(
  session: Session,
  converged: ReadonlyMap<string, Converged>,
): Promise<void> {
  await Promise.all(
    [...converged].flatMap(([service, { ids }]) =>
      ids.map(async (id) => {
        const { state, record } = await session.engine.inspect(id)
        if (state.health) return untilHealthy(session, service, id)
        if (state.status !== 'running' && state.exitCode !== 0)
          throw new OperationError(
            'BAD_STATE',
            `container ${record.name} exited (${state.exitCode})`,
            {},
            { exitCode: 1 },
          )
      }),
    ),
  )
}

import { OperationError } from '../../../native/error.ts'
import { configHash } from '../plan/config-hash.ts'
import { stopSeconds } from '../plan/container-words.ts'
import { label } from '../plan/labels.ts'
import { containerName, serviceImage, wantedCount } from '../plan/service-image.ts'
import { runHooks } from './hooks.ts'
import { makeContainer } from './make-container.ts'
import type { ProjectContainer } from './project-containers.ts'
import { isLive } from './project-containers.ts'
import type { Session } from './session.ts'

export interface ConvergeOptions {
  /** `changed`: only where the configuration or the image is another one. */
  readonly recreate: 'changed' | 'always' | 'never'
  /** Volumes without names are new ones, too. */
  readonly renewVolumes: boolean
  /** Seconds; absent: the service's own. */
  readonly stopTimeout: number | undefined
}

export interface Converged {
  /** Ids, in the order of their numbers. */
  readonly ids: readonly string[]
  /** Whether any was made, or made anew. */
  readonly isChanged: boolean
}

/** Have as many containers of a service as are wanted, none of which is out of date. */
export async function converge(
  session: Session,
  service: string,
  present: readonly ProjectContainer[],
  options: ConvergeOptions,
): Promise<Converged> {
  const { project, engine } = session
  const count = wantedCount(project, service)
  const hash = configHash(project, service)
  const imageId = await engine.imageId(serviceImage(project, service))
  const isOutdated = ({ record }: ProjectContainer): boolean =>
    options.recreate === 'always' ||
    (options.recreate === 'changed' &&
      (record.resolved.labels[label.hash] !== hash ||
        (imageId !== undefined && record.imageId !== imageId && record.imageId !== '')))
  // Those that would be made anew go first, then the highest numbers.
  const byWorth = present.toSorted(
    (a, b) => Number(isOutdated(a)) - Number(isOutdated(b)) || a.number - b.number,
  )
  for (const extra of byWorth.slice(count)) await removeOne(session, extra, options)
  const kept = byWorth.slice(0, count).toSorted((a, b) => a.number - b.number)
  const used = new Set(kept.map(({ number }) => number))
  const free = Array.from({ length: count + present.length }, (_, index) => index + 1)
    .filter((number) => !used.has(number))
    .slice(0, count - kept.length)
  let isChanged = free.length > 0
  const remade = await Promise.all(
    kept.map(async (one) => {
      if (!isOutdated(one)) return { number: one.number, id: one.record.id }
      isChanged = true
      return { number: one.number, id: await remake(session, one, hash, options) }
    }),
  )
  const made = await Promise.all(
    free.map(async (number) => ({
      number,
      id: await makeContainer(session, { service, number, hash, keptVolumes: new Map() }),
    })),
  )
  const ids = [...remade, ...made].toSorted((a, b) => a.number - b.number).map(({ id }) => id)
  return { ids, isChanged }
}

/** The old one keeps its name until the new one is there: where that fails nothing has changed. */
async function remake(
  session: Session,
  old: ProjectContainer,
  hash: string,
  options: ConvergeOptions,
): Promise<string> {
  const { engine, project, say, isDryRun } = session
  const { record, service, number } = old
  say(`Container ${record.name}`, 'Recreate')
  const keptVolumes = new Map(
    options.renewVolumes
      ? []
      : record.mounts
          .filter(({ anonymous, name }) => anonymous && name !== undefined)
          .map(({ destination, name = '' }): [string, string] => [destination, name]),
  )
  const wanted = { service, number, hash, keptVolumes }
  if (isDryRun) return makeContainer({ ...session, say: () => undefined }, wanted)
  const name = containerName(project, service, number)
  const aside = `${record.id.slice(0, 12)}_${record.name}`
  if (record.name === name) await engine.rename(record.id, aside)
  let id: string
  try {
    id = await makeContainer({ ...session, say: () => undefined }, wanted)
  } catch (error) {
    if (record.name === name) await engine.rename(record.id, name)
    throw error
  }
  await stopOne(session, old, options)
  await engine.remove(record.id, { force: true, volumes: options.renewVolumes })
  say(`Container ${name}`, 'Recreated')
  return id
}

/** With the service's own patience, where no other was asked for. */
export async function stopOne(
  session: Session,
  one: ProjectContainer,
  { stopTimeout }: { readonly stopTimeout: number | undefined },
): Promise<void> {
  const { engine, project } = session
  const { record, service } = one
  await beforeStop(session, one)
  const timeout = stopTimeout ?? stopSeconds(project.services[service] ?? {})
  await engine.stop(record.id, timeout === undefined ? {} : { timeout })
}

/** `pre_stop`: not of a container that cannot execute anything. */
async function beforeStop(
  session: Session,
  { record, service, state }: ProjectContainer,
): Promise<void> {
  const hooks = session.project.services[service]?.preStop
  if (hooks && state.status === 'running') await runHooks(session, service, record.id, hooks)
}

export async function restartOne(
  session: Session,
  one: ProjectContainer,
  timeout: number | undefined,
): Promise<void> {
  const { engine, project } = session
  const { record, service } = one
  await beforeStop(session, one)
  await engine.restart(record.id, timeout === undefined ? {} : { timeout })
  await runHooks(session, service, record.id, project.services[service]?.postStart)
}

export async function removeOne(
  session: Session,
  one: ProjectContainer,
  options: { readonly stopTimeout: number | undefined; readonly volumes?: boolean },
): Promise<void> {
  const { engine, say, isDryRun } = session
  const what = `Container ${one.record.name}`
  if (isLive(one)) {
    say(what, 'Stopping')
    if (!isDryRun) await stopOne(session, one, options)
    say(what, 'Stopped')
  }
  say(what, 'Removing')
  try {
    if (!isDryRun)
      await engine.remove(one.record.id, { force: true, volumes: options.volumes ?? false })
  } catch (error) {
    // One with --rm is gone as soon as it has ended.
    if (!(error instanceof OperationError) || error.code !== 'NOT_FOUND') throw error
  }
  say(what, 'Removed')
}

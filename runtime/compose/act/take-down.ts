import type { Project } from '../model/project.ts'
import { label } from '../plan/labels.ts'
import { serviceImage } from '../plan/service-image.ts'
import { runMyimage } from './build-images.ts'
import { removeContents } from './contents.ts'
import { removeOne } from './converge.ts'
import { removeNetworks } from './networks.ts'
import { projectContainers } from './project-containers.ts'
import type { ProjectContainer } from './project-containers.ts'
import type { Session } from './session.ts'
import { removeVolumes } from './volumes.ts'

export interface DownOptions {
  /** Empty: all. */
  readonly services: readonly string[]
  readonly removeOrphans: boolean
  readonly volumes: boolean
  readonly images: 'local' | 'all' | undefined
  readonly stopTimeout: number | undefined
}

/** Stop and remove what `up` made, those that depend on others first. */
export async function takeDown(session: Session, options: DownOptions): Promise<void> {
  const { project, engine, warn } = session
  const present = await projectContainers(engine, project.name)
  const known = { ...project.services, ...project.disabled }
  const isOrphan = ({ service }: ProjectContainer): boolean => !Object.hasOwn(known, service)
  const named = (one: ProjectContainer): boolean =>
    options.services.length === 0 || options.services.includes(one.service)
  const isFileless = Object.keys(known).length === 0
  const mine = present.filter(
    (one) => named(one) && (!isOrphan(one) || options.removeOrphans || isFileless),
  )
  const left = present.filter((one) => named(one) && !mine.includes(one))
  if (left.length > 0)
    warn(
      `Found orphan containers (${left.map(({ record }) => record.name).join(', ')}) for this project. You can run this command with the --remove-orphans flag to clean it up.`,
    )
  await inReverse(mine, async (one) => removeOne(session, one, options))
  if (options.services.length > 0) return
  if (options.volumes) await removeVolumes(session)
  if (options.images) await removeImages(session, options.images)
  await removeNetworks(session)
  if (!session.isDryRun && left.length === 0) await removeContents(engine, project.name)
}

/** Work on containers side by side, each after those that depend on its service. */
export async function inReverse(
  containers: readonly ProjectContainer[],
  work: (one: ProjectContainer) => Promise<void>,
): Promise<void> {
  const doneOf = new Map<string, Promise<void>>()
  const byService = Map.groupBy(containers, ({ service }) => service)
  const dependsOn = (one: ProjectContainer, service: string): boolean =>
    (one.record.resolved.labels[label.dependsOn] ?? '')
      .split(',')
      .some((entry) => entry.split(':')[0] === service)
  const run = (service: string, trail: readonly string[]): Promise<void> => {
    const known = doneOf.get(service)
    if (known) return known
    const above = [...byService]
      .filter(
        ([other, members]) =>
          !trail.includes(other) && members.some((one) => dependsOn(one, service)),
      )
      .map(([other]) => other)
    const done = (async () => {
      await Promise.all(above.map((other) => run(other, [...trail, service])))
      await Promise.all((byService.get(service) ?? []).map(work))
    })()
    doneOf.set(service, done)
    return done
  }
  await Promise.all([...byService.keys()].map((service) => run(service, [])))
}

async function removeImages(session: Session, which: 'local' | 'all'): Promise<void> {
  const { project, engine, say, isDryRun } = session
  for (const image of imagesOf(project, which)) {
    if ((await engine.imageId(image)) === undefined) continue
    say(`Image ${image}`, 'Removing')
    if (!isDryRun) await runMyimage(session, ['rm', image])
    say(`Image ${image}`, 'Removed')
  }
}

function imagesOf(project: Project, which: 'local' | 'all'): string[] {
  const wanted = Object.entries(project.services).filter(
    ([, { image }]) => which === 'all' || image === undefined,
  )
  return [...new Set(wanted.map(([name]) => serviceImage(project, name)))]
}

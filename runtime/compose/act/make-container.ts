import { readContainerFlags, containerFlags } from '../../cli/container-flags/container-flags.ts'
import { openReadContext } from '../../cli/container-flags/read-context.ts'
import { parseFlags } from '../../cli/flag-parser.ts'
import type { ContainerOptions } from '../../container/options.ts'
import { containerWords } from '../plan/container-words.ts'
import type { ContainerWords } from '../plan/container-words.ts'
import { label, projectLabels } from '../plan/labels.ts'
import { linkedNames } from '../plan/linked-names.ts'
import { containerName, serviceImage } from '../plan/service-image.ts'
import { contentFolder, writeContents } from './contents.ts'
import { fileVariables, withFileLabels } from './service-variables.ts'
import type { Service } from '../model/service.ts'
import type { Session } from './session.ts'

export interface NewContainer {
  readonly service: string
  readonly number: number
  readonly hash: string
  /** Volumes without names of the container that it replaces, by target. */
  readonly keptVolumes: ReadonlyMap<string, string>
  /** Over what the file says: for `compose run`. */
  readonly changes?: Partial<Service> | undefined
  readonly name?: string | undefined
  readonly isOneOff?: boolean | undefined
}

/** The words of the `mycontainer create` that makes a container of a service. */
export async function wordsFor(session: Session, wanted: NewContainer): Promise<ContainerWords> {
  const { project, engine } = session
  const service: Service = { ...project.services[wanted.service], ...wanted.changes }
  const container = wanted.name ?? containerName(project, wanted.service, wanted.number)
  const image = serviceImage(project, wanted.service)
  const hasContents = [...(service.secrets ?? []), ...(service.configs ?? [])].length > 0
  const contents = hasContents
    ? writeContents(project, service, await contentFolder(engine, project.name))
    : new Map<string, string>()
  return containerWords(
    project,
    { ...service, labels: withFileLabels(project, service) },
    {
      service: wanted.service,
      container,
      linkedAs: linkedNames(project, wanted.service),
      containerOf: (other) => containerName(project, other, 1),
      contents,
      keptVolumes: wanted.keptVolumes,
      fileVariables: fileVariables(project, service),
      image,
      labels: {
        ...projectLabels(project),
        [label.service]: wanted.service,
        [label.number]: String(wanted.number),
        [label.oneOff]: wanted.isOneOff === true ? 'True' : 'False',
        [label.hash]: wanted.hash,
        [label.image]: (await engine.imageId(image)) ?? '',
        [label.dependsOn]: Object.entries(service.dependsOn ?? {})
          .map(([name, { condition, restart }]) => `${name}:${condition}:${restart}`)
          .join(','),
      },
    },
  )
}

/** The options of a container, read as the command line reads them. @throws {OperationError} `INVALID_ARGUMENT` */
export function optionsOf(
  { flags, image, command }: ContainerWords,
  session: Session,
): ContainerOptions {
  const words = [...flags, '--', image, ...command]
  const parsed = parseFlags(words, containerFlags(), {
    command: 'mycontainer create',
    interspersed: false,
  })
  const io = { ...session.io, cwd: session.project.folder, env: session.project.environment }
  return readContainerFlags(parsed.flags, parsed.args, openReadContext(io))
}

/** Words as a shell takes them. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

/** @returns its id */
export async function makeContainer(session: Session, wanted: NewContainer): Promise<string> {
  const { engine, io, say, isDryRun } = session
  const words = await wordsFor(session, wanted)
  const options = optionsOf(words, session)
  say(`Container ${options.name ?? ''}`, 'Creating')
  if (isDryRun) {
    io.stdout.write(
      `mycontainer create ${shellWords([...words.flags, words.image, ...words.command])}\n`,
    )
    return ''
  }
  const { id } = await engine.create({ ...options, pull: 'never' }, io)
  say(`Container ${options.name ?? ''}`, 'Created')
  return id
}

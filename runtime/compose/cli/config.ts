import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { flag } from '../../cli/flag-spec.ts'
import { checkServices } from '../act/check-services.ts'
import { shellWords, wordsFor } from '../act/make-container.ts'
import type { Session } from '../act/session.ts'
import { toCompose } from '../model/to-compose.ts'
import { configHash } from '../plan/config-hash.ts'
import { serviceImage, wantedCount } from '../plan/service-image.ts'
import type { ComposeCommand } from './compose-command.ts'

export const configCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'Parse, resolve and render compose file in canonical format',
  flags: [
    flag('bool', 'commands', 'Print the mycontainer commands that the file stands for'),
    flag('bool', 'environment', 'Print environment used for interpolation'),
    flag('string', 'format', 'Format the output ("yaml"|"json")', { default: 'yaml' }),
    flag('string', 'hash', 'Print the service config hash, one per line ("*" for all)'),
    flag('bool', 'images', 'Print the image names, one per line'),
    flag('bool', 'networks', 'Print the network names, one per line'),
    flag('string', 'output,o', 'Save to file (default to stdout)'),
    flag('bool', 'profiles', 'Print the profile names, one per line'),
    flag('bool', 'quiet,q', "Only validate the configuration, don't print anything"),
    flag('bool', 'services', 'Print the service names, one per line'),
    flag('bool', 'volumes', 'Print the volume names, one per line'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, session: open }) {
    const session = await open(args)
    const isQuiet = flags.bool('quiet')
    const lines = isQuiet ? undefined : await listed(session, flags)
    if (!lines) await checkServices(session, Object.keys(session.project.services))
    if (isQuiet) return 0
    const text = lines
      ? lines.map((line) => `${line}\n`).join('')
      : await document(session, flags, args)
    const output = flags.string('output')
    if (output === undefined) io.stdout.write(text)
    else writeFileSync(resolve(io.cwd, output), text)
    return 0
  },
}

type Flags = Parameters<ComposeCommand['run']>[0]['flags']

/** What is asked for a line each; undefined: the whole. */
async function listed(session: Session, flags: Flags): Promise<string[] | undefined> {
  const { project } = session
  const services = Object.keys(project.services).toSorted()
  if (flags.bool('services')) return services
  if (flags.bool('volumes')) return Object.keys(project.volumes)
  if (flags.bool('networks')) return Object.keys(project.networks)
  if (flags.bool('images')) return [...new Set(services.map((name) => serviceImage(project, name)))]
  if (flags.bool('environment'))
    return Object.entries(project.environment).map(([name, value]) => `${name}=${value ?? ''}`)
  if (flags.bool('profiles')) {
    const all = { ...project.services, ...project.disabled }
    return [...new Set(Object.values(all).flatMap(({ profiles = [] }) => profiles))].toSorted()
  }
  const hash = flags.string('hash')
  if (hash !== undefined)
    return (hash === '*' ? services : hash.split(',')).map(
      (name) => `${name} ${configHash(project, name)}`,
    )
  return flags.bool('commands') ? commands(session) : undefined
}

/** Compose in other words: what one would type without it. */
async function commands(session: Session): Promise<string[]> {
  const { project } = session
  const lines: string[] = []
  for (const { name, external, subnets } of Object.values(project.networks))
    if (!external)
      lines.push(
        `mycontainer network create ${shellWords([...subnets.flatMap((one) => ['--subnet', one]), name])}`,
      )
  for (const { name, external } of Object.values(project.volumes))
    if (!external) lines.push(`mycontainer volume create ${name}`)
  for (const service of Object.keys(project.services))
    for (let number = 1; number <= wantedCount(project, service); number++) {
      const wanted = { service, number, hash: configHash(project, service), keptVolumes: new Map() }
      const { flags, image, command } = await wordsFor(session, wanted)
      lines.push(`mycontainer run --detach ${shellWords([...flags, image, ...command])}`)
    }
  return lines
}

async function document(
  { project }: Session,
  flags: Flags,
  services: readonly string[],
): Promise<string> {
  const chosen =
    services.length === 0
      ? project.services
      : Object.fromEntries(
          Object.entries(project.services).filter(([name]) => services.includes(name)),
        )
  const whole = toCompose({ ...project, services: chosen })
  if (flags.string('format') === 'json') return `${JSON.stringify(whole, null, 2)}\n`
  const { stringify } = await import('yaml')
  // What looks like a variable now is none: it was filled in.
  return stringify(escaped(whole), { lineWidth: 0, aliasDuplicateObjects: false })
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, escaped(one)]))
}

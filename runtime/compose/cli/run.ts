import { randomBytes } from 'node:crypto'
import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import { bringUp, requireServices, withDependencies } from '../act/bring-up.ts'
import { ensureImages } from '../act/ensure-images.ts'
import { optionsOf, wordsFor } from '../act/make-container.ts'
import { ensureNetworks } from '../act/networks.ts'
import { ensureVolumes } from '../act/volumes.ts'
import { canonicalPort, canonicalVolume } from '../file/canonical-mounts.ts'
import { toTexts, toVariables } from '../file/spelling.ts'
import { splitCommand } from '../file/split-command.ts'
import type { Service } from '../model/service.ts'
import type { ComposeCommand } from './compose-command.ts'
import { upOptions } from './up.ts'

export const runCommand: ComposeCommand = {
  usage: '[OPTIONS] SERVICE [COMMAND] [ARG...]',
  summary: 'Run a one-off command on a service',
  flags: [
    flag('bool', 'build', 'Build image before starting container'),
    flag('list', 'cap-add', 'Add Linux capabilities'),
    flag('list', 'cap-drop', 'Drop Linux capabilities'),
    flag('bool', 'detach,d', 'Run container in background and print container ID'),
    flag('string', 'entrypoint', 'Override the entrypoint of the image'),
    flag('list', 'env,e', 'Set environment variables'),
    flag('bool', 'interactive,i', 'Keep STDIN open even if not attached', { default: 'true' }),
    flag('list', 'label,l', 'Add or override a label'),
    flag('string', 'name', 'Assign a name to the container'),
    flag('bool', 'no-TTY,T', 'Disable pseudo-TTY allocation'),
    flag('bool', 'no-deps', "Don't start linked services"),
    flag('list', 'publish,p', "Publish a container's port(s) to the host"),
    flag('string', 'pull', 'Pull image before running ("always"|"missing"|"never")'),
    flag('bool', 'quiet-pull', 'Pull without printing progress information'),
    flag('bool', 'remove-orphans', 'Remove containers for services not in the Compose file'),
    flag('bool', 'rm', 'Automatically remove the container when it exits'),
    flag('bool', 'service-ports,P', "Run command with all service's ports enabled and mapped"),
    flag('bool', 'tty', 'Allocate a pseudo-TTY', { hidden: true }),
    flag('bool', 'use-aliases', "Use the service's network useAliases in the network(s)"),
    flag('string', 'user,u', 'Run as specified username or uid'),
    flag('list', 'volume,v', 'Bind mount a volume'),
    flag('string', 'workdir,w', 'Working directory inside the container'),
  ],
  minimumArguments: 1,
  interspersed: false,
  async run({ flags, args, io, engine, session: open }) {
    const [name = '', ...command] = args
    const session = await open([name])
    requireServices(session, [name])
    const { project } = session
    const service = project.services[name] ?? {}
    const others = withDependencies(session, [name]).filter((other) => other !== name)
    if (!flags.bool('no-deps') && others.length > 0)
      await bringUp(session, { ...upOptions(flags, others), build: false })
    await ensureImages(session, [name], upOptions(flags, [name]))
    await ensureNetworks(session, Object.keys(service.networks ?? { default: {} }))
    await ensureVolumes(
      session,
      (service.volumes ?? []).flatMap(({ type, source }) =>
        type === 'volume' && source !== undefined ? [source] : [],
      ),
    )
    const words = await wordsFor(session, {
      service: name,
      number: 1,
      hash: '',
      keptVolumes: new Map(),
      isOneOff: true,
      name: flags.string('name') ?? `${project.name}-${name}-run-${randomBytes(6).toString('hex')}`,
      changes: changesOf(service, flags, { command, folder: project.folder }),
    })
    const detach = flags.bool('detach')
    const options = optionsOf(words, session)
    const isInteractive = flags.bool('interactive', true) && !detach
    const { id, exitCode } = await engine.run(
      {
        ...options,
        pull: 'never',
        detach,
        rm: flags.bool('rm'),
        interactive: isInteractive,
        tty: isInteractive && io.stdinIsTty && io.stdoutIsTty && !flags.bool('no-TTY'),
      },
      io,
    )
    if (detach) io.stdout.write(`${id}\n`)
    return exitCode ?? 0
  },
}

interface Asked {
  readonly command: readonly string[]
  readonly folder: string
}

/** Not the service's ports or restarts, unless they were asked for. */
function changesOf(
  service: Service,
  flags: ParsedFlags,
  { command, folder }: Asked,
): Partial<Service> {
  const optional: Partial<Service> = Object.fromEntries(
    Object.entries({
      user: flags.string('user'),
      workingDir: flags.string('workdir'),
      entrypoint: entrypoint(flags.string('entrypoint')),
      command: command.length > 0 ? command : undefined,
    }).filter(([, value]) => value !== undefined),
  )
  return {
    ...optional,
    restart: 'no',
    ports: [
      ...(flags.bool('service-ports') ? (service.ports ?? []) : []),
      ...flags.list('publish').map((text) => canonicalPort(text, '--publish')),
    ],
    environment: { ...service.environment, ...toVariables(flags.list('env')) },
    labels: { ...service.labels, ...toTexts(flags.list('label')) },
    volumes: [
      ...(service.volumes ?? []),
      ...flags.list('volume').map((text) => canonicalVolume(text, folder, '--volume')),
    ],
    capAdd: [...(service.capAdd ?? []), ...flags.list('cap-add')],
    capDrop: [...(service.capDrop ?? []), ...flags.list('cap-drop')],
  }
}

function entrypoint(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const found = splitCommand(text)
  if (found) return found
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read --entrypoint: a quote is never closed',
    {},
    { exitCode: 1 },
  )
}

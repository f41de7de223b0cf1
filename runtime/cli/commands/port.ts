import { OperationError } from '../../../native/error.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import type { PublishedPort } from '../../container/state.ts'
import type { CommandIo } from '../command-io.ts'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'

/** `port` */
export const portCommand: Command = {
  usage: '[OPTIONS] CONTAINER [PRIVATE_PORT[/PROTO]]',
  summary: 'List port mappings or a specific mapping for the container',
  flags: [flag('bool', 'all,a', 'Of all running containers')],
  minimumArguments: 0,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine, path }) {
    const [container = '', wanted] = args
    if (flags.bool('all') === args.length > 0)
      throw new OperationError(
        'INVALID_ARGUMENT',
        `${path} requires at least 1 argument`,
        {},
        { hint: `Name a container or use --all. See '${path} --help'` },
      )
    if (flags.bool('all')) return listAll(await engine(), io)
    const { state } = await (await engine()).inspect(container)
    const ports = state.network?.ports ?? []
    const found = wanted === undefined ? ports : matching(ports, wanted, container)
    for (const port of found) {
      const inside = wanted === undefined ? `${port.containerPort}/${port.protocol} -> ` : ''
      io.stdout.write(`${inside}${hostText(port)}\n`)
    }
    return 0
  },
}

/** As podman: each line begins with the start of the id. */
async function listAll(engine: Engine, io: CommandIo): Promise<number> {
  for (const { record, state } of await engine.list({ all: false, size: false }))
    for (const port of state.network?.ports ?? [])
      io.stdout.write(
        `${record.id.slice(0, 12)}\t${port.containerPort}/${port.protocol} -> ${hostText(port)}\n`,
      )
  return 0
}

function matching(
  ports: readonly PublishedPort[],
  wanted: string,
  container: string,
): PublishedPort[] {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(wanted)
  if (!match) throw invalidValue('port', wanted, 'Write PORT or PORT/PROTOCOL')
  const [, number, protocol = 'tcp'] = match
  const found = ports.filter(
    (port) => port.containerPort === Number(number) && port.protocol === protocol,
  )
  if (found.length > 0) return found
  throw new OperationError('NOT_FOUND', `no public port '${wanted}' published for ${container}`)
}

function hostText({ hostIp, hostPort }: PublishedPort): string {
  return hostIp.includes(':') ? `[${hostIp}]:${hostPort}` : `${hostIp}:${hostPort}`
}

import { OperationError } from '../../../native/error.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import type { PublishedPort } from '../../container/state.ts'
import type { Command } from '../command.ts'

/** `port` */
export const portCommand: Command = {
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  summary: 'List port mappings or a specific mapping for the container',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 2,
  interspersed: true,
  async run({ args, io, engine }) {
    const [container = '', wanted] = args
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

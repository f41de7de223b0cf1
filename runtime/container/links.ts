import { OperationError } from '../../native/error.ts'
import type { EngineFolders } from './folders.ts'
import { namedNetworks } from './network-membership.ts'
import type { ContainerOptions, HostEntry, LinkOption } from './options.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'
import type { NetworkAttachment } from './state.ts'

// `--link`, docker's legacy: a container knows others by lines of its hosts file and by variables, as they were when it
// was started. https://docs.docker.com/engine/network/links/

interface Linked {
  readonly alias: string
  readonly record: ContainerRecord
  readonly address: string
}

/** Names of the containers that one links to. @throws {OperationError} `BAD_STATE`, `NOT_FOUND` */
export function linkedHosts(folders: EngineFolders, options: ContainerOptions): HostEntry[] {
  return linkedBy(folders, options).flatMap(({ alias, record, address }) =>
    [...new Set([alias, record.id.slice(0, 12), record.name])].map((name) => ({ name, address })),
  )
}

/** What it knows of their ports and variables. @throws {OperationError} `BAD_STATE`, `NOT_FOUND` */
export function linkedVariables(
  folders: EngineFolders,
  options: ContainerOptions,
  ownName: string,
): string[] {
  return linkedBy(folders, options).flatMap((linked) => variablesOf(linked, ownName))
}

function linkedBy(folders: EngineFolders, { network }: ContainerOptions): Linked[] {
  const own = new Set(namedNetworks(network.mode))
  return (network.links ?? []).map((link) => {
    const record = resolveContainer(folders, link.container)
    const attachments = attachmentsOf(folders, record)
    const shared = attachments.find((one) => own.has(one.network)) ?? attachments[0]
    const address = shared?.ipv4 ?? shared?.ipv6
    if (address === undefined) throw notLinked(link, record)
    return { alias: link.alias, record, address }
  })
}

/** Of one that runs, or of that whose network it has joined: of a pod's. */
function attachmentsOf(
  folders: EngineFolders,
  record: ContainerRecord,
): readonly NetworkAttachment[] {
  const { pid, network } = readState(folders, record)
  const { mode } = record.options.network
  if (pid === 0) return []
  if (mode.kind !== 'container') return network?.attachments ?? []
  return attachmentsOf(folders, resolveContainer(folders, mode.container))
}

function notLinked({ alias }: LinkOption, { name }: ContainerRecord): OperationError {
  return new OperationError(
    'BAD_STATE',
    `Cannot link to a non running container: /${name} AS ${alias}`,
    {},
    { hint: `Start it first, with a network: mycontainer start ${name}` },
  )
}

/** Variables that say what docker makes every container say. */
const unshared = new Set(['HOME', 'HOSTNAME', 'PATH', 'TERM', 'container'])

function variablesOf({ alias, record, address }: Linked, ownName: string): string[] {
  const prefix = alias.toUpperCase().replaceAll(/[-.]/g, '_')
  const host = address.includes(':') ? `[${address}]` : address
  const ports = record.resolved.exposedPorts
    .map((text) => {
      const [port = '', protocol = 'tcp'] = text.split('/')
      return { port, protocol, url: `${protocol}://${host}:${port}` }
    })
    .toSorted((a, b) => Number(a.port) - Number(b.port))
  const [first] = ports
  return [
    ...(first ? [`${prefix}_PORT=${first.url}`] : []),
    ...ports.flatMap(({ port, protocol, url }) => {
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
      return [
        `${name}=${url}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ]
    }),
    `${prefix}_NAME=/${ownName}/${alias}`,
    ...record.resolved.env
      .filter((entry) => !unshared.has(entry.split('=', 1)[0] ?? ''))
      .map((entry) => `${prefix}_ENV_${entry}`),
  ]
}

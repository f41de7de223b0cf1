import type { Container } from '../cli/engine.ts'
import { statusText } from '../cli/output/container-status.ts'
import { hostConfig } from '../cli/output/inspect-host-config.ts'
import { inspectDocument } from '../cli/output/inspect-document.ts'
import { systemPaths } from '../container/oci-config/system-paths.ts'
import { familiarName } from './familiar-name.ts'

type Section = Record<string, unknown>

/** Of the documents of inspect, those parts that a list shows are read back. */
function sectionOf(document: Section, name: string): Section {
  const value = document[name]
  return typeof value === 'object' && value !== null ? (value as Section) : {}
}

/** One of `GET /containers/json`. */
export function containerSummary(container: Container, nowMs: number): Section {
  const { record, state, size } = container
  const { resolved } = record
  const document = inspectDocument(container)
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: familiarName(record.imageReference),
    ImageID: record.imageId,
    Command: [...resolved.entrypoint, ...resolved.command].map(quoted).join(' '),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: ports(container),
    ...(size === undefined ? {} : { SizeRw: size.writable, SizeRootFs: size.total }),
    Labels: resolved.labels,
    State: state.status,
    Status: statusText(state, nowMs),
    HostConfig: { NetworkMode: hostConfig(record)['NetworkMode'] },
    NetworkSettings: { Networks: networksOf(container) },
    Mounts: document['Mounts'],
  }
}

/** As docker does it, to be read, not to be executed. */
function quoted(word: string): string {
  return word.includes(' ') ? `'${word}'` : word
}

function ports({ record, state }: Container): Section[] {
  const published = (state.network?.ports ?? []).map(
    ({ containerPort, protocol, hostIp, hostPort }) => ({
      IP: hostIp,
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    }),
  )
  const taken = new Set(published.map(({ PrivatePort, Type }) => `${PrivatePort}/${Type}`))
  const exposed = record.resolved.exposedPorts
    .filter((port) => !taken.has(port))
    .map((port) => {
      const [number, protocol = 'tcp'] = port.split('/')
      return { PrivatePort: Number(number), Type: protocol }
    })
  return [...published, ...exposed]
}

/** `GET /containers/ID/json`. */
export function containerDocument(container: Container, execIds: readonly string[]): Section {
  const document = inspectDocument(container)
  return {
    ...document,
    Config: {
      ...sectionOf(document, 'Config'),
      Image: familiarName(container.record.imageReference),
    },
    HostConfig: {
      ...neverSet,
      ...systemPathsOf(container),
      ...sectionOf(document, 'HostConfig'),
    },
    ExecIDs: execIds.length === 0 ? null : execIds,
    NetworkSettings: {
      Bridge: '',
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      ...sectionOf(document, 'NetworkSettings'),
      Networks: networksOf(container),
    },
  }
}

function systemPathsOf({ record }: Container): Section {
  const { maskedPaths, readonlyPaths } = systemPaths(record.options.security)
  return { MaskedPaths: maskedPaths, ReadonlyPaths: readonlyPaths }
}

/** What clients may read without asking whether it is there, and nobody can set. */
const neverSet = {
  VolumeDriver: '',
  Cgroup: '',
  ConsoleSize: [0, 0],
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  DeviceRequests: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
}

/** Also before the start, and with the short id that docker makes an alias in networks of users. */
function networksOf(container: Container): Section {
  const { record } = container
  const networks = sectionOf(sectionOf(inspectDocument(container), 'NetworkSettings'), 'Networks')
  const { mode } = record.options.network
  const names = mode.kind === 'networks' ? mode.names : mode.kind === 'bridge' ? ['bridge'] : []
  const wishes = mode.kind === 'networks' ? mode.wishes : undefined
  const all = new Set([...Object.keys(networks), ...names])
  return Object.fromEntries(
    [...all].map((name) => {
      const wish = wishes?.[name]
      const own = { ...emptyEndpoint, ...sectionOf(networks, name) }
      if (name === 'bridge' || mode.kind !== 'networks') return [name, own]
      const aliases = new Set([...(wish?.aliases ?? []), record.id.slice(0, 12)])
      const addresses = {
        ...(wish?.ip === undefined ? {} : { IPv4Address: wish.ip }),
        ...(wish?.ip6 === undefined ? {} : { IPv6Address: wish.ip6 }),
      }
      const ipam = Object.keys(addresses).length === 0 ? null : addresses
      return [name, { ...own, IPAMConfig: ipam, Aliases: [...aliases] }]
    }),
  )
}

const emptyEndpoint = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  MacAddress: '',
  DriverOpts: null,
}

import { OperationError } from '../../../native/error.ts'
import type { Project } from '../model/project.ts'
import type { Service, ServiceNetwork } from '../model/service.ts'

export interface NetworkNames {
  readonly service: string
  /** The container's. */
  readonly container: string
  /** Names under which other services link to this one. */
  readonly linkedAs: readonly string[]
  /** Id of a container of another service, whose namespaces are joined. */
  readonly containerOf: (service: string) => string
}

/** The flags for how a container is reached and whom it reaches. */
export function networkWords(project: Project, service: Service, names: NetworkNames): string[] {
  return [
    ...modeWords(project, service, names),
    ...(service.ports ?? []).flatMap(({ hostIp, published, target, protocol }) => {
      const address =
        hostIp === undefined ? '' : `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:`
      const host = published ?? (address === '' ? undefined : '')
      return ['-p', `${address}${host === undefined ? '' : `${host}:`}${target}/${protocol}`]
    }),
    ...(service.expose ?? []).flatMap((one) => ['--expose', one]),
    ...(service.dns ?? []).flatMap((one) => ['--dns', one]),
    ...(service.dnsOptions ?? []).flatMap((one) => ['--dns-option', one]),
    ...(service.dnsSearch ?? []).flatMap((one) => ['--dns-search', one]),
    ...(service.extraHosts ?? []).flatMap((one) => ['--add-host', one]),
  ]
}

function modeWords(project: Project, service: Service, names: NetworkNames): string[] {
  const { networkMode, networks = {} } = service
  if (networkMode !== undefined) return ['--network', joined(networkMode, names.containerOf)]
  const keys = Object.keys(networks).length === 0 ? ['default'] : Object.keys(networks)
  const byPriority = keys.toSorted(
    (a, b) =>
      (networks[b]?.priority ?? 0) - (networks[a]?.priority ?? 0) ||
      (project.networks[a]?.name ?? a).localeCompare(project.networks[b]?.name ?? b),
  )
  return byPriority.flatMap((key) => {
    const network = project.networks[key]
    if (!network) throw new OperationError('INVALID_ARGUMENT', `refers to undefined network ${key}`)
    const wish = wishOf(networks[key] ?? {}, service, names)
    return ['--network', `${network.name}:${wish.join(',')}`]
  })
}

function wishOf(wanted: ServiceNetwork, { macAddress }: Service, names: NetworkNames): string[] {
  const { ipv4, ipv6, mac = macAddress, aliases = [] } = wanted
  const all = new Set([names.container, names.service, ...aliases, ...names.linkedAs])
  return [
    ...[...all].map((name) => `alias=${name}`),
    ...(ipv4 === undefined ? [] : [`ip=${ipv4}`]),
    ...(ipv6 === undefined ? [] : [`ip6=${ipv6}`]),
    ...(mac === undefined ? [] : [`mac=${mac}`]),
  ]
}

/** `service:NAME` is a container of that service. */
export function joined(mode: string, containerOf: (service: string) => string): string {
  const [, service] = /^service:(.+)$/.exec(mode) ?? []
  return service === undefined ? mode : `container:${containerOf(service)}`
}

// A project as a Compose file again: what `config` prints. It can be given to any Compose.

import type { Project, ProjectNetwork } from './project.ts'
import type { FileReference, Hook, Service, ServiceVolume } from './service.ts'

type Json = unknown

/** Without what is not set. */
function plain(value: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, member]) => member !== undefined && !(isEmpty(member) && member !== null),
    ),
  )
}

function isEmpty(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** Fields whose name here is not just theirs in snake case. */
const shortNames: Readonly<Record<string, string>> = {
  dnsOptions: 'dns_opt',
  memory: 'mem_limit',
  memoryReservation: 'mem_reservation',
  memorySwap: 'memswap_limit',
  memorySwappiness: 'mem_swappiness',
  cpuRealtimePeriod: 'cpu_rt_period',
  cpuRealtimeRuntime: 'cpu_rt_runtime',
  noCache: 'no_cache',
  ipv4: 'ipv4_address',
  ipv6: 'ipv6_address',
  mac: 'mac_address',
}

function snakeName(name: string): string {
  return shortNames[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function snake(value: object | undefined): Record<string, Json> | undefined {
  if (!value) return undefined
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [snakeName(key), one as Json]),
  )
}

export function toCompose(project: Project): Record<string, Json> {
  const { services, networks, volumes } = project
  const each = <T>(all: Readonly<Record<string, T>>, one: (value: T) => Json) =>
    Object.fromEntries(
      Object.entries(all)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([key, value]) => [key, one(value)]),
    )
  return plain({
    name: project.name,
    services: each(services, (service) => serviceDocument(service, project)),
    networks: each(networks, networkDocument),
    volumes: each(volumes, ({ name, external, driver, driverOptions, labels }) =>
      external ? { name, external } : plain({ name, driver, driver_opts: driverOptions, labels }),
    ),
    secrets: each(project.secrets, sourceDocument),
    configs: each(project.configs, sourceDocument),
  })
}

function serviceDocument(service: Service, { environment: callers }: Project): Json {
  const { deploy, healthcheck, build, networks, watch, envFiles, labelFiles, blockIo, ...rest } =
    service
  const { environment, ports, volumes, secrets, configs, dependsOn, ulimits } = service
  const { gpus, postStart, preStop } = service
  const hook = (one: Hook): Json => plain(snake(one) ?? {})
  void envFiles
  void labelFiles
  const variables = Object.entries(environment ?? {}).map(([name, value]) => [
    name,
    value ?? callers[name] ?? null,
  ])
  return plain({
    ...snake(rest),
    build: build && plain(snake(build) ?? {}),
    // An explicit null keeps what the image has.
    command: service.command ?? null,
    blkio_config: blockIo && blockIoDocument(blockIo),
    entrypoint: service.entrypoint ?? null,
    depends_on: dependsOn,
    deploy: deploy && deployDocument(deploy),
    environment: Object.fromEntries(variables) as Json,
    healthcheck: healthcheck && plain(snake(healthcheck) ?? {}),
    networks:
      service.networkMode === undefined
        ? Object.fromEntries(
            Object.entries(networks ?? { default: {} }).map(([name, wish]) => {
              const wished = plain(snake(wish) ?? {})
              return [name, isEmpty(wished) ? null : wished]
            }),
          )
        : undefined,
    ports: ports?.map(({ target, published, hostIp, protocol }) =>
      plain({
        mode: 'ingress',
        host_ip: hostIp,
        target: /^\d+$/.test(target) ? Number(target) : target,
        published,
        protocol,
      }),
    ),
    volumes: volumes?.map(volumeDocument),
    secrets: secrets?.map((one) => referenceDocument(one)),
    configs: configs?.map((one) => referenceDocument(one)),
    ulimits:
      ulimits &&
      Object.fromEntries(
        Object.entries(ulimits).map(([name, limit]) => {
          const [soft, hard] = limit.split(':').map(Number)
          return [name, soft === hard ? soft : { soft, hard }]
        }),
      ),
    gpus: gpus?.map(gpuDocument),
    post_start: postStart?.map(hook),
    pre_stop: preStop?.map(hook),
    develop: watch && {
      watch: watch.map((rule) => plain({ ...snake(rule), exec: rule.exec && hook(rule.exec) })),
    },
  })
}

function gpuDocument(value: string): Json {
  const [, ids] = /^device=(.*)$/.exec(value) ?? []
  return ids === undefined ? { count: value } : { device_ids: ids.split(',') }
}

function blockIoDocument(blockIo: NonNullable<Service['blockIo']>): Json {
  const pairs = (values: readonly string[], second: string): Json =>
    values.map((value) => {
      const colon = value.lastIndexOf(':')
      return { path: value.slice(0, colon), [second]: value.slice(colon + 1) }
    })
  const { 'blkio-weight': weight, 'blkio-weight-device': devices, ...rates } = blockIo
  return plain({
    weight: weight?.[0],
    weight_device: devices && pairs(devices, 'weight'),
    ...Object.fromEntries(
      Object.entries(rates).map(([name, values]) => [
        name.replaceAll('-', '_'),
        pairs(values, 'rate'),
      ]),
    ),
  })
}

function deployDocument({
  labels,
  mode,
  replicas,
  limits,
  reservations,
  restart,
}: NonNullable<Service['deploy']>): Json {
  const resources = plain({ limits: limits && plain({ ...limits }), reservations })
  return plain({
    mode,
    replicas,
    labels,
    resources,
    restart_policy: restart && plain(snake(restart) ?? {}),
  })
}

function volumeDocument(volume: ServiceVolume): Json {
  const { type, source, target, readOnly, propagation, createHostPath, selinux } = volume
  return plain({
    type,
    source,
    target,
    read_only: readOnly,
    bind:
      type === 'bind'
        ? plain({ propagation, create_host_path: createHostPath, selinux })
        : undefined,
    volume:
      type === 'volume' ? plain({ nocopy: volume.nocopy, subpath: volume.subpath }) : undefined,
    tmpfs: type === 'tmpfs' ? plain({ size: volume.tmpfsSize, mode: volume.tmpfsMode }) : undefined,
  })
}

function referenceDocument({ source, target, uid, gid, mode }: FileReference): Json {
  return plain({ source, target, uid, gid, mode })
}

function networkDocument(network: ProjectNetwork): Json {
  const { name, external, driver, driverOptions, internal, ipv4, ipv6, labels } = network
  if (external) return { name, external }
  const config = network.subnets.map((subnet, index) =>
    plain({
      subnet,
      gateway: network.gateways[index],
      ip_range: network.ipRanges[index],
      aux_addresses: index === 0 ? network.reserved : undefined,
    }),
  )
  return plain({
    name,
    driver,
    driver_opts: driverOptions,
    internal: internal || undefined,
    enable_ipv4: ipv4 ? undefined : false,
    enable_ipv6: ipv6 || undefined,
    ipam: config.length > 0 ? { config } : {},
    labels,
  })
}

function sourceDocument(source: Project['secrets'][string]): Json {
  if (source.kind === 'file') return { file: source.path }
  return source.kind === 'text' ? { content: source.text } : { environment: source.variable }
}

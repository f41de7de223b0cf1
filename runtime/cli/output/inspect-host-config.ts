import type { ContainerOptions, NamespaceMode, NetworkMode } from '../../container/options.ts'
import type { ContainerRecord } from '../../container/record.ts'

/** The `HostConfig` of inspect: what was asked of the host, zero where nothing was. */
export function hostConfig({
  name,
  options,
  resolved,
  mounts,
}: ContainerRecord): Record<string, unknown> {
  const { security, network, log, restart, namespaces } = options
  return {
    Binds: mounts
      .filter((mount) => mount.type !== 'tmpfs')
      .map(
        (mount) =>
          `${mount.name ?? mount.source}:${mount.destination}:${mount.readWrite ? 'rw' : 'ro'}`,
      ),
    ContainerIDFile: options.cidfile ?? '',
    LogConfig: { Type: log.driver, Config: logConfig(options) },
    NetworkMode: networkModeText(network.mode),
    PortBindings: portBindings(network.publish),
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maximumRetryCount },
    AutoRemove: options.rm,
    VolumesFrom: options.volumesFrom.length === 0 ? null : options.volumesFrom,
    CapAdd: listOrNull(security.capAdd),
    CapDrop: listOrNull(security.capDrop),
    CgroupnsMode: modeText(namespaces.cgroup),
    Dns: network.dns,
    DnsOptions: network.dnsOptions,
    DnsSearch: network.dnsSearch,
    Links: listOrNull(
      (network.links ?? []).map(({ container, alias }) => `/${container}:/${name}/${alias}`),
    ),
    ExtraHosts: listOrNull(network.addHosts.map(({ name, address }) => `${name}:${address}`)),
    GroupAdd: listOrNull(options.groupAdd),
    IpcMode: modeText(namespaces.ipc),
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: modeText(namespaces.pid, ''),
    Privileged: security.privileged,
    PublishAllPorts: network.publishAll,
    ReadonlyRootfs: options.readOnly,
    SecurityOpt: listOrNull(securityOptions(options)),
    Tmpfs: Object.fromEntries(
      options.mounts
        .filter((mount) => mount.kind === 'tmpfs')
        .map((mount) => [mount.destination, '']),
    ),
    UTSMode: modeText(namespaces.uts, ''),
    UsernsMode: namespaces.user.kind === 'host' ? '' : namespaces.user.kind,
    ShmSize: options.shmSize ?? 67_108_864,
    Sysctls: options.sysctls,
    Runtime: 'mycontainer',
    Isolation: '',
    ...resourceSection(options),
    Devices: options.devices.map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: listOrNull(options.deviceCgroupRules),
    Ulimits: options.ulimits.map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft,
      Hard: hard,
    })),
    Init: options.init,
    StopSignal: resolved.stopSignal,
  }
}

function resourceSection({ resources, cgroupParent }: ContainerOptions): Record<string, unknown> {
  const { memory = 0, memorySwap } = resources
  return {
    CpuShares: resources.cpuShares ?? 0,
    Memory: memory,
    NanoCpus: Math.round((resources.cpus ?? 0) * 1e9),
    CgroupParent: cgroupParent ?? '',
    BlkioWeight: resources.blkioWeight ?? 0,
    CpuPeriod: resources.cpuPeriod ?? 0,
    CpuQuota: resources.cpuQuota ?? 0,
    CpuRealtimePeriod: resources.cpuRealtimePeriod ?? 0,
    CpuRealtimeRuntime: resources.cpuRealtimeRuntime ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    MemoryReservation: resources.memoryReservation ?? 0,
    MemorySwap: memorySwap ?? memory * 2,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? false,
    PidsLimit: resources.pidsLimit ?? null,
  }
}

function logConfig({ log }: ContainerOptions): Record<string, string> {
  return {
    ...log.other,
    ...(log.maxSize === undefined ? {} : { 'max-size': String(log.maxSize) }),
    ...(log.maxFiles === undefined ? {} : { 'max-file': String(log.maxFiles) }),
  }
}

function listOrNull<Item>(list: readonly Item[]): readonly Item[] | null {
  return list.length === 0 ? null : list
}

/** The mode as the flag has it. */
function networkModeText(mode: NetworkMode): string {
  if (mode.kind === 'container') return `container:${mode.container}`
  if (mode.kind === 'path') return `ns:${mode.path}`
  return mode.kind === 'networks' ? (mode.names[0] ?? 'bridge') : mode.kind
}

function modeText(mode: NamespaceMode, privateText = 'private'): string {
  if (mode.kind === 'container') return `container:${mode.container}`
  if (mode.kind === 'path') return `ns:${mode.path}`
  return mode.kind === 'private' ? privateText : mode.kind
}

/** `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, as far as it can be shown without choosing ports. */
function portBindings(publish: readonly string[]): Record<string, unknown> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const text of publish) {
    const [spec = '', protocol = 'tcp'] = text.split('/')
    const match = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:]+)$/.exec(spec)
    const [, ip = '', host = '', container = spec] = match ?? []
    const entry = { HostIp: ip.replace(/^\[|\]$/g, ''), HostPort: host }
    ;(bindings[`${container}/${protocol}`] ??= []).push(entry)
  }
  return bindings
}

function securityOptions({ security }: ContainerOptions): string[] {
  const { noNewPrivileges, seccomp, apparmor, landlock, label, mask, unmask } = security
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === undefined ? [] : [`seccomp=${seccomp}`]),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(landlock === undefined ? [] : [`landlock=${landlock}`]),
    ...label.map((value) => `label=${value}`),
    ...(mask.length === 0 ? [] : [`mask=${mask.join(':')}`]),
    ...(unmask.length === 0 ? [] : [`unmask=${unmask.join(':')}`]),
    ...(security.systemPathsUnconfined ? ['systempaths=unconfined'] : []),
  ]
}

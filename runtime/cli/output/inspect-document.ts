// What `inspect` shows, in docker's shape: scripts for docker and podman read these fields.

import type { Container } from '../engine.ts'
import { namedNetworks, wishFor } from '../../container/network-membership.ts'
import type { ContainerState, NetworkAttachment } from '../../container/state.ts'
import type { ResolvedMount } from '../../container/record.ts'
import { hostConfig } from './inspect-host-config.ts'

const never = '0001-01-01T00:00:00Z'

/** The document of one container. */
export function inspectDocument({ record, state, size }: Container): Record<string, unknown> {
  const { resolved, options } = record
  const [path = '', ...args] = [...resolved.entrypoint, ...resolved.command]
  return {
    Id: record.id,
    ID: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: stateSection(state),
    Image: record.imageId,
    ImageName: record.imageReference,
    ResolvConfPath: record.resolvConfPath,
    HostnamePath: record.hostnamePath,
    HostsPath: record.hostsPath,
    LogPath: record.logPath,
    OCIConfigPath: record.configPath,
    OCIRuntime: 'mycontainer',
    BundlePath: record.bundlePath,
    Rootfs: options.rootfs ? record.rootfsPath : '',
    Name: `/${record.name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: options.security.apparmor ?? '',
    ExecIDs: null,
    HostConfig: hostConfig(record),
    GraphDriver: { Name: 'overlay2', Data: {} },
    ...(size === undefined ? {} : { SizeRw: size.writable, SizeRootFs: size.total }),
    Mounts: record.mounts.map(mountSection),
    Config: configSection({ record, state }),
    NetworkSettings: networkSettings({ record, state }),
  }
}

function stateSection(state: ContainerState): Record<string, unknown> {
  const { status, health } = state
  return {
    Status: status,
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: status === 'dead',
    Pid: state.pid,
    MonitorPid: state.monitorPid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt ?? never,
    FinishedAt: state.finishedAt ?? never,
    ...(health
      ? {
          Health: {
            Status: health.status,
            FailingStreak: health.failingStreak,
            Log: health.log.map((probe) => ({
              Start: probe.start,
              End: probe.end,
              ExitCode: probe.exitCode,
              Output: probe.output,
            })),
          },
        }
      : {}),
  }
}

function mountSection(mount: ResolvedMount): Record<string, unknown> {
  return {
    Type: mount.type,
    ...(mount.name === undefined ? {} : { Name: mount.name }),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.type === 'volume' ? { Driver: 'local' } : {}),
    Mode: mount.readWrite ? '' : 'ro',
    RW: mount.readWrite,
    Propagation: mount.propagation,
  }
}

function configSection({ record }: Container): Record<string, unknown> {
  const { resolved, options } = record
  const { attach, detach, interactive } = options
  const attached = (name: 'stdin' | 'stdout' | 'stderr') =>
    attach.length > 0 ? attach.includes(name) : !detach && (name !== 'stdin' || interactive)
  return {
    Hostname: options.hostname ?? record.id.slice(0, 12),
    Domainname: options.domainname ?? '',
    User: resolved.user,
    AttachStdin: attached('stdin'),
    AttachStdout: attached('stdout'),
    AttachStderr: attached('stderr'),
    ...(resolved.exposedPorts.length > 0 ? { ExposedPorts: keys(resolved.exposedPorts) } : {}),
    Tty: options.tty,
    OpenStdin: interactive,
    StdinOnce: interactive && !detach,
    Env: resolved.env,
    Cmd: resolved.command.length === 0 ? null : resolved.command,
    ...(resolved.health ? { Healthcheck: healthcheck(resolved.health) } : {}),
    Image: record.imageReference,
    Volumes: resolved.imageVolumes.length === 0 ? null : keys(resolved.imageVolumes),
    WorkingDir: resolved.workdir,
    Entrypoint: resolved.entrypoint.length === 0 ? null : resolved.entrypoint,
    OnBuild: null,
    Labels: resolved.labels,
    Annotations: options.annotations,
    StopSignal: resolved.stopSignal,
    StopTimeout: options.stopTimeout ?? 10,
    Timeout: options.timeout ?? 0,
    Umask: `0${(options.umask ?? 0o022).toString(8).padStart(3, '0')}`,
  }
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

const nanoseconds = 1e6

function healthcheck(
  health: NonNullable<Container['record']['resolved']['health']>,
): Record<string, unknown> {
  if (health.disabled) return { Test: ['NONE'] }
  return {
    Test: health.test ?? [],
    Interval: (health.intervalMs ?? 0) * nanoseconds,
    Timeout: (health.timeoutMs ?? 0) * nanoseconds,
    Retries: health.retries ?? 0,
    StartPeriod: (health.startPeriodMs ?? 0) * nanoseconds,
    StartInterval: (health.startIntervalMs ?? 0) * nanoseconds,
  }
}

function networkSettings({ record, state }: Container): Record<string, unknown> {
  const { network } = state
  const first = network?.attachments[0]
  const { mode } = record.options.network
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  for (const port of record.resolved.exposedPorts) ports[port] = null
  for (const { containerPort, protocol, hostIp, hostPort } of network?.ports ?? [])
    (ports[`${containerPort}/${protocol}`] ??= []).push({
      HostIp: hostIp,
      HostPort: String(hostPort),
    })
  const own = (network?.attachments ?? []).map(
    (entry) => [entry.network, attachmentSection(entry)] as const,
  )
  const shared = mode.kind === 'host' || mode.kind === 'none' ? [[mode.kind, {}] as const] : []
  return {
    SandboxID: '',
    SandboxKey: network?.namespacePath ?? '',
    Ports: ports,
    ...(first ? addressSection(first) : emptyAddress),
    Networks: Object.fromEntries([...shared, ...plannedNetworks(record, own), ...own]),
  }
}

/** Networks that it will be in, or that give it no interface. */
function plannedNetworks(
  { options }: Container['record'],
  there: readonly (readonly [string, unknown])[],
): (readonly [string, Record<string, unknown>])[] {
  const known = new Set(there.map(([name]) => name))
  return namedNetworks(options.network.mode)
    .filter((name) => !known.has(name))
    .map((name) => [
      name,
      {
        IPAMConfig: null,
        Links: null,
        Aliases: wishFor(options.network, name).aliases,
        NetworkID: '',
        ...emptyAddress,
      },
    ])
}

const emptyAddress = {
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
}

function addressSection(entry: NetworkAttachment): Record<string, unknown> {
  return {
    EndpointID: '',
    Gateway: entry.ipv4Gateway ?? '',
    GlobalIPv6Address: entry.ipv6 ?? '',
    GlobalIPv6PrefixLen: entry.ipv6PrefixLength ?? 0,
    IPAddress: entry.ipv4 ?? '',
    IPPrefixLen: entry.ipv4PrefixLength ?? 0,
    IPv6Gateway: entry.ipv6Gateway ?? '',
    MacAddress: entry.mac,
  }
}

function attachmentSection(entry: NetworkAttachment): Record<string, unknown> {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: entry.aliases,
    NetworkID: entry.networkId,
    InterfaceName: entry.interfaceName,
    ...addressSection(entry),
    DriverOpts: null,
  }
}

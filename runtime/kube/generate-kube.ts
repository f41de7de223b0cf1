import { statSync } from 'node:fs'
import type { Container } from '../cli/engine.ts'
import type { ContainerOptions } from '../container/options.ts'
import type { ResolvedMount } from '../container/record.ts'
import { parsePortSpec } from '../network/port-spec.ts'
import { podLabel, roleLabel } from './pod-labels.ts'

// Containers as a manifest of Kubernetes: what a user asked for, not what the image says.

type Fields = Record<string, unknown>

export interface GenerateOptions {
  readonly kind: 'pod' | 'deployment'
  readonly replicas: number
  /** A Service for the ports that are published, too. */
  readonly service: boolean
}

/**
 * The objects for some containers, which share one pod.
 *
 * @param containers of a pod of `kube play` with the one that holds its namespaces
 */
export function kubeObjects(containers: readonly Container[], options: GenerateOptions): Fields[] {
  const infra = containers.find(({ record }) => record.resolved.labels[roleLabel] === 'infra')
  const main = containers
    .filter((container) => container !== infra)
    .toSorted((a, b) => (a.record.created < b.record.created ? -1 : 1))
  const [first] = main
  if (!first) return []
  const played = infra?.record.resolved.labels[podLabel]
  const name = played ?? `${kubeName(first.record.name)}-pod`
  const creationTimestamp = new Date().toISOString().replace(/\.\d+/, '')
  const metadata = { creationTimestamp, labels: { app: name }, name }
  const spec = podSpec(main, infra ?? first, played)
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec }
  const service = options.service ? [serviceOf(main, infra ?? first, metadata)] : []
  if (options.kind === 'pod') return [...service, pod]
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, name: `${name}-deployment` },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata, spec },
    },
  }
  return [...service, deployment]
}

/** What Kubernetes takes for a name: rfc1123. */
function kubeName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
}

/** @param holder whose network it is */
function podSpec(
  containers: readonly Container[],
  holder: Container,
  pod: string | undefined,
): Fields {
  const { options } = holder.record
  const volumes = new Map<string, Fields>()
  const isInitial = ({ record }: Container): boolean => record.resolved.labels[roleLabel] === 'init'
  const [main, initial] = [
    containers.filter((one) => !isInitial(one)),
    containers.filter(isInitial),
  ]
  const specOf = (container: Container): Fields => {
    // One that joins another's network has that one's ports.
    const isHolder = pod === undefined ? container === holder : container === main[0]
    const ports = isHolder ? portsOf(holder) : pod === undefined ? portsOf(container) : []
    return containerSpec(container, ports, volumes, pod)
  }
  const list = main.map(specOf)
  const [first] = main
  const { network, namespaces, sysctls, hostname, stopTimeout } = options
  const dns = plain({
    nameservers: network.dns,
    searches: network.dnsSearch,
    options: network.dnsOptions.map((text) => {
      const [name = '', value] = text.split(':')
      return plain({ name, value })
    }),
  })
  const systemControls = Object.entries(sysctls).map(([name, value]) => ({ name, value }))
  return plain({
    automountServiceAccountToken: false,
    containers: list,
    dnsConfig: Object.keys(dns).length === 0 ? undefined : dns,
    enableServiceLinks: false,
    hostAliases: network.addHosts.map(({ name, address }) => ({ ip: address, hostnames: [name] })),
    hostIPC: namespaces.ipc.kind === 'host' || undefined,
    hostNetwork: network.mode.kind === 'host' || undefined,
    hostPID: first?.record.options.namespaces.pid.kind === 'host' || undefined,
    hostname,
    initContainers: initial.map(specOf),
    restartPolicy: restartPolicy(first?.record.options),
    securityContext: systemControls.length === 0 ? undefined : { sysctls: systemControls },
    terminationGracePeriodSeconds: first === holder ? stopTimeout : undefined,
    volumes: [...volumes].map(([name, source]) => ({ ...source, name })),
  })
}

function restartPolicy(options: ContainerOptions | undefined): string | undefined {
  const words = { no: 'Never', 'on-failure': 'OnFailure', always: undefined } as const
  const name = options?.restart.name ?? 'no'
  return name === 'unless-stopped' ? undefined : words[name]
}

/** Without what says nothing. */
function plain(fields: Fields): Fields {
  const says = (value: unknown): boolean =>
    value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => says(value)))
}

function containerSpec(
  { record }: Container,
  ports: readonly Fields[],
  volumes: Map<string, Fields>,
  pod: string | undefined,
): Fields {
  const { options } = record
  return plain({
    args: options.command,
    command: options.entrypoint,
    env: options.env.map((entry) => {
      const at = entry.indexOf('=')
      return { name: entry.slice(0, at), value: entry.slice(at + 1) }
    }),
    image: options.image,
    livenessProbe: probeOf(options),
    name: kubeName(
      pod !== undefined && record.name.startsWith(`${pod}-`)
        ? record.name.slice(pod.length + 1)
        : record.name,
    ),
    ports,
    resources: resourcesOf(options),
    securityContext: securityOf(options),
    stdin: options.interactive || undefined,
    tty: options.tty || undefined,
    volumeMounts: record.mounts.map((mount) => mountOf(record.name, mount, volumes)),
    workingDir: options.workdir,
  })
}

function portsOf({ record, state }: Container): Fields[] {
  const chosen = state.network?.ports ?? []
  return record.options.network.publish.flatMap(parsePortSpec).map((port) => {
    const { containerPort, protocol, hostIp, hostPorts } = port
    const given = chosen.find(
      (each) => each.containerPort === containerPort && each.protocol === protocol,
    )
    return plain({
      containerPort,
      hostIP: hostIp,
      hostPort: hostPorts?.first ?? given?.hostPort,
      protocol: protocol === 'tcp' ? undefined : protocol.toUpperCase(),
    })
  })
}

function resourcesOf({ resources }: ContainerOptions): Fields | undefined {
  const { memory, memoryReservation, cpus } = resources
  const limits = plain({
    cpu: cpus === undefined ? undefined : `${Math.round(cpus * 1000)}m`,
    memory: memory ? bytesText(memory) : undefined,
  })
  const requests = plain({ memory: memoryReservation ? bytesText(memoryReservation) : undefined })
  const both = {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  }
  return Object.keys(both).length === 0 ? undefined : both
}

function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['Gi', 1024 ** 3],
    ['Mi', 1024 ** 2],
    ['Ki', 1024],
  ] as const)
    if (bytes % size === 0) return `${bytes / size}${unit}`
  return String(bytes)
}

function securityOf({ security, user = '', readOnly }: ContainerOptions): Fields | undefined {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? []
  const capabilities = plain({ add: security.capAdd, drop: security.capDrop })
  const context = plain({
    allowPrivilegeEscalation: security.noNewPrivileges ? false : undefined,
    capabilities: Object.keys(capabilities).length === 0 ? undefined : capabilities,
    privileged: security.privileged || undefined,
    readOnlyRootFilesystem: readOnly || undefined,
    runAsGroup: gid === undefined ? undefined : Number(gid),
    runAsUser: uid === undefined ? undefined : Number(uid),
    seccompProfile: security.seccomp === 'unconfined' ? { type: 'Unconfined' } : undefined,
  })
  return Object.keys(context).length === 0 ? undefined : context
}

function probeOf({ health }: ContainerOptions): Fields | undefined {
  const [kind, ...words] = health?.test ?? []
  if (!health || health.disabled || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return undefined
  const seconds = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.max(1, Math.round(ms / 1000))
  return plain({
    exec: { command: kind === 'CMD' ? words : ['/bin/sh', '-c', ...words] },
    failureThreshold: health.retries,
    initialDelaySeconds: health.startPeriodMs ? seconds(health.startPeriodMs) : undefined,
    periodSeconds: seconds(health.intervalMs),
    timeoutSeconds: seconds(health.timeoutMs),
  })
}

function mountOf(
  container: string,
  { type, name, source, destination, readWrite, anonymous }: ResolvedMount,
  volumes: Map<string, Fields>,
): Fields {
  const place = kubeName(`${kubeName(container)}-${destination.replaceAll('/', '-')}`)
  const key =
    type === 'volume' && !anonymous && name !== undefined ? `${kubeName(name)}-pvc` : place
  if (!volumes.has(key)) {
    if (type === 'bind') volumes.set(key, { hostPath: { path: source, type: kindOf(source) } })
    else if (type === 'tmpfs') volumes.set(key, { emptyDir: { medium: 'Memory' } })
    else if (anonymous) volumes.set(key, { emptyDir: {} })
    else volumes.set(key, { persistentVolumeClaim: { claimName: name } })
  }
  return plain({ mountPath: destination, name: key, readOnly: readWrite ? undefined : true })
}

function kindOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isSocket()) return 'Socket'
  return found?.isFile() ? 'File' : 'Directory'
}

function serviceOf(containers: readonly Container[], holder: Container, metadata: Fields): Fields {
  const all = containers.includes(holder) ? containers : [holder]
  const ports = all.flatMap(portsOf).map(({ containerPort, protocol }) =>
    plain({
      name: String(containerPort),
      port: containerPort,
      protocol,
      targetPort: containerPort,
    }),
  )
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: plain({ ports, selector: metadata['labels'], type: 'NodePort' }),
  }
}

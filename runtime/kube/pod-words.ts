import { OperationError } from '../../native/error.ts'
import type { PodContainer, Probe } from './kube-schema.ts'
import { type PodContents, expand, podVariables } from './pod-variables.ts'
import { type PlacedVolume, mountWords } from './pod-volumes.ts'
import { podLabel, roleLabel } from './pod-labels.ts'
import { parseQuantity } from './quantity.ts'
import type { WantedPod } from './read-kube-file.ts'

// A pod in words of `mycontainer create`: one container holds the namespaces, the others join them. One way in for
// everything, so what is checked there is checked for pods, too.

export interface ContainerWords {
  readonly flags: readonly string[]
  readonly image: string
  readonly command: readonly string[]
}

/** Of the container that holds the namespaces. */
export function infraName({ name }: Pick<WantedPod, 'name'>): string {
  return `${name}-infra`
}

/** Flags of the command line that hold for every pod. */
export interface PodFlags {
  readonly network: readonly string[]
  readonly ip?: string | undefined
  readonly mac?: string | undefined
  readonly noHosts: boolean
  readonly logDriver?: string | undefined
  readonly logOptions: readonly string[]
  readonly annotations: readonly string[]
  readonly userns?: string | undefined
  readonly publish: readonly string[]
  /** An ordinary user's containers have IPC namespaces of their own: the kernel lets them mount no mqueue in another. */
  readonly ownIpc?: boolean | undefined
}

/** The container that does nothing but hold network, ipc, host name, and what is in memory. */
export function infraWords(
  pod: WantedPod,
  volumes: ReadonlyMap<string, PlacedVolume>,
  flags: PodFlags,
): ContainerWords {
  const { spec } = pod
  const networks = spec.hostNetwork === true ? ['host'] : flags.network
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {}
  const words = [
    '--name',
    infraName(pod),
    '--init',
    '--stop-timeout',
    '0',
    ...identity(pod, 'infra'),
    ...flags.annotations.flatMap((text) => ['--annotation', text]),
    ...networks.flatMap((network) => ['--network', network]),
    ...optional('--ip', flags.ip),
    ...optional('--mac-address', flags.mac),
    ...optional('--userns', flags.userns),
    ...(flags.noHosts ? ['--no-hosts'] : []),
    '--ipc',
    spec.hostIPC === true ? 'host' : 'shareable',
    ...(spec.hostNetwork === true ? [] : ['--hostname', spec.hostname ?? pod.name.slice(0, 63)]),
    ...heldVolumes(volumes),
    ...portWords(pod),
    ...flags.publish.flatMap((port) => ['-p', port]),
    ...(spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }) =>
      hostnames.flatMap((host) => ['--add-host', `${host}:${ip}`]),
    ),
    ...nameservers.flatMap((server) => ['--dns', server]),
    ...searches.flatMap((domain) => ['--dns-search', domain]),
    ...options.flatMap(({ name = '', value }) => [
      '--dns-option',
      value === undefined ? name : `${name}:${value}`,
    ]),
    ...(spec.securityContext?.sysctls ?? []).flatMap(({ name, value }) => [
      '--sysctl',
      `${name}=${value}`,
    ]),
  ]
  return { flags: words, image: 'host', command: ['sleep', 'infinity'] }
}

function identity({ name, labels }: WantedPod, role: 'infra' | 'init' | 'main'): string[] {
  const all = { ...labels, [podLabel]: name, [roleLabel]: role }
  return Object.entries(all).flatMap(([key, value]) => ['--label', `${key}=${value}`])
}

function optional(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, value]
}

/** A tmpfs lasts as long as somebody has it: longer than any of the others. */
function heldVolumes(volumes: ReadonlyMap<string, PlacedVolume>): string[] {
  return [...volumes.values()].flatMap((volume) =>
    volume.kind === 'volume' && Object.keys(volume.options).length > 0
      ? ['--mount', `type=volume,source=${volume.name},target=/held/${volume.name}`]
      : [],
  )
}

/** Ports that name one of the host. */
function portWords({ spec }: WantedPod): string[] {
  if (spec.hostNetwork === true) return []
  return spec.containers
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ containerPort, hostPort, hostIP, protocol = 'TCP' }) => {
      if (hostPort === undefined || hostPort === 0) return []
      const address =
        hostIP === undefined ? '' : `${hostIP.includes(':') ? `[${hostIP}]` : hostIP}:`
      return ['-p', `${address}${hostPort}:${containerPort}/${protocol.toLowerCase()}`]
    })
}

export interface ContainerPlace {
  readonly role: 'init' | 'main'
  readonly contents: PodContents
  readonly volumes: ReadonlyMap<string, PlacedVolume>
  readonly flags: PodFlags
}

/** @throws {OperationError} `INVALID_ARGUMENT`, `NOT_FOUND`, `UNSUPPORTED` with what of the pod it is about */
export function containerWords(
  pod: WantedPod,
  container: PodContainer,
  { role, contents, volumes, flags }: ContainerPlace,
): ContainerWords {
  const variables = podVariables(pod, container, contents)
  const command = container.command?.map((word) => expand(word, variables))
  const args = (container.args ?? []).map((word) => expand(word, variables))
  return {
    image: container.image,
    // An empty command is the image's.
    command: args,
    flags: [
      '--name',
      `${pod.name}-${container.name}`,
      ...identity(pod, role),
      ...Object.entries(pod.annotations).flatMap(([key, value]) => [
        '--annotation',
        `${key}=${value}`,
      ]),
      // By itself, too, it starts with the namespaces that it joins.
      '--requires',
      infraName(pod),
      ...joined(pod, flags),
      ...(command && command.length > 0 ? ['--entrypoint', JSON.stringify(command)] : []),
      ...[...variables].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...optional('--workdir', container.workingDir),
      ...optional('--pull', pullOf(container)),
      ...(container.tty === true ? ['--tty'] : []),
      ...(container.stdin === true ? ['--interactive'] : []),
      ...mountWords(container, volumes),
      ...resourceWords(container),
      ...securityWords(pod, container),
      ...(role === 'init' ? [] : [...restartWords(pod), ...probeWords(pod, container)]),
      ...optional('--stop-timeout', numberText(pod.spec.terminationGracePeriodSeconds)),
      ...optional('--log-driver', flags.logDriver),
      ...flags.logOptions.flatMap((text) => ['--log-opt', text]),
    ],
  }
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

function joined(pod: WantedPod, { network, ownIpc = false }: PodFlags): string[] {
  const { spec } = pod
  const infra = `container:${infraName(pod)}`
  // The host's network is joined by its name: an ordinary user may not enter it otherwise.
  const isHosts = spec.hostNetwork === true || network.includes('host')
  const sharedIpc = ownIpc ? 'private' : infra
  return [
    '--network',
    isHosts ? 'host' : infra,
    '--ipc',
    spec.hostIPC === true ? 'host' : sharedIpc,
    ...(spec.hostNetwork === true ? [] : ['--uts', infra]),
    ...(spec.hostPID === true ? ['--pid', 'host'] : []),
    ...(spec.shareProcessNamespace === true && spec.hostPID !== true ? ['--pid', infra] : []),
  ]
}

/** As the API server defaults it: the tag `latest`, and none, are always looked up. */
function pullOf({ image, imagePullPolicy }: PodContainer): string | undefined {
  const words = { Always: 'always', IfNotPresent: 'missing', Never: 'never' } as const
  if (imagePullPolicy) return words[imagePullPolicy]
  return image.startsWith('localhost/') ? 'missing' : undefined
}

function restartWords({ spec }: WantedPod): string[] {
  const words = { Always: 'always', OnFailure: 'on-failure', Never: 'no' } as const
  return ['--restart', words[spec.restartPolicy ?? 'Always']]
}

function resourceWords({ resources = {} }: PodContainer): string[] {
  const { limits = {}, requests = {} } = resources
  const bytes = (value: string | number | undefined): string | undefined =>
    value === undefined ? undefined : String(Math.ceil(parseQuantity(value)))
  const shares = requests['cpu'] ?? limits['cpu']
  return [
    ...optional('--memory', bytes(limits['memory'])),
    ...optional('--memory-reservation', bytes(requests['memory'])),
    ...optional(
      '--cpus',
      limits['cpu'] === undefined ? undefined : String(parseQuantity(limits['cpu'])),
    ),
    ...optional(
      '--cpu-shares',
      shares === undefined
        ? undefined
        : String(Math.min(262_144, Math.max(2, Math.floor(parseQuantity(shares) * 1024)))),
    ),
  ]
}

function securityWords({ spec }: WantedPod, { securityContext: own = {} }: PodContainer): string[] {
  const pod = spec.securityContext ?? {}
  const [user, group] = [own.runAsUser ?? pod.runAsUser, own.runAsGroup ?? pod.runAsGroup]
  const seccomp = own.seccompProfile ?? pod.seccompProfile
  const groups = [
    ...(pod.supplementalGroups ?? []),
    ...(pod.fsGroup === undefined ? [] : [pod.fsGroup]),
  ]
  if (group !== undefined && user === undefined)
    throw new OperationError(
      'UNSUPPORTED',
      'run a container with a group and the image’s user',
      { runAsGroup: group },
      { hint: 'Give runAsUser, too' },
    )
  return [
    ...(own.privileged === true ? ['--privileged'] : []),
    ...(own.readOnlyRootFilesystem === true ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...(own.allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
    ...(own.capabilities?.add ?? []).flatMap((name) => ['--cap-add', name]),
    ...(own.capabilities?.drop ?? []).flatMap((name) => ['--cap-drop', name]),
    ...optional(
      '--user',
      user === undefined ? undefined : group === undefined ? String(user) : `${user}:${group}`,
    ),
    ...groups.flatMap((id) => ['--group-add', String(id)]),
    ...(seccomp?.type === 'Unconfined' ? ['--security-opt', 'seccomp=unconfined'] : []),
    ...(seccomp?.type === 'Localhost' && seccomp.localhostProfile !== undefined
      ? ['--security-opt', `seccomp=${seccomp.localhostProfile}`]
      : []),
  ]
}

/**
 * The liveness probe is the health check; what fails it is started again, or killed where nothing is. Without one the
 * readiness probe is it, and what fails that is unhealthy and goes on.
 */
function probeWords({ spec }: WantedPod, container: PodContainer): string[] {
  const { livenessProbe, readinessProbe, startupProbe } = container
  const probe = livenessProbe ?? readinessProbe
  const test = probe && probeTest(probe, container)
  if (!probe || test === undefined) return []
  const seconds = (value: number | undefined, absent: number): string => `${value || absent}s`
  const { periodSeconds, timeoutSeconds, failureThreshold = 3 } = probe
  const patience = startPatience(probe, startupProbe)
  const onFailure = spec.restartPolicy === 'Never' ? 'kill' : 'restart'
  return [
    '--health-cmd',
    JSON.stringify(test),
    '--health-interval',
    seconds(periodSeconds, 10),
    '--health-timeout',
    seconds(timeoutSeconds, 1),
    '--health-retries',
    String(failureThreshold || 3),
    ...(patience > 0 ? ['--health-start-period', `${patience}s`] : []),
    ...(startupProbe ? ['--health-start-interval', seconds(startupProbe.periodSeconds, 10)] : []),
    '--health-on-failure',
    livenessProbe ? onFailure : 'none',
  ]
}

/** Seconds in which failures do not count: as long as a startup probe may fail. */
function startPatience({ initialDelaySeconds = 0 }: Probe, startup: Probe | undefined): number {
  if (!startup) return initialDelaySeconds
  const tries = startup.failureThreshold || 3
  return (startup.initialDelaySeconds ?? 0) + tries * (startup.periodSeconds || 10)
}

function probeTest(
  { exec, httpGet, tcpSocket }: Probe,
  { ports = [] }: PodContainer,
): string[] | undefined {
  if (exec?.command && exec.command.length > 0) return ['CMD', ...exec.command]
  const numberOf = (port: string | number): string =>
    String(ports.find(({ name }) => name === port)?.containerPort ?? port)
  // Of what images have: whichever program is there asks.
  if (httpGet) {
    const { port, path = '/', scheme = 'http', host = 'localhost' } = httpGet
    const url = `${scheme.toLowerCase()}://${host}:${numberOf(port)}${path}`
    const word = `'${url.replaceAll("'", `'\\''`)}'`
    return [
      'CMD-SHELL',
      `curl -fsSk -o /dev/null ${word} || wget -q -O /dev/null ${word} || exit 1`,
    ]
  }
  if (!tcpSocket) return undefined
  const host = (tcpSocket.host ?? 'localhost').replaceAll(/[^\w.:-]/g, '')
  return ['CMD-SHELL', `nc -z ${host} ${numberOf(tcpSocket.port).replaceAll(/\D/g, '')} || exit 1`]
}

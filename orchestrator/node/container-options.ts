import { defaultOptions } from '../../runtime/container/default-options.ts'
import { type MountSpec, plainMount } from '../../runtime/container/mount-spec.ts'
import type {
  ContainerOptions,
  NamespaceMode,
  ResourceOptions,
  SecurityOptions,
} from '../../runtime/container/options.ts'
import type { SandboxNamespace } from '../../runtime/program/compile-sandbox.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { numberAt, textAt, valueAt } from '../api/object.ts'
import { qosClass } from '../api/qos-class.ts'
import { parseQuantity } from '../api/quantity.ts'
import type { Variable } from './environment/resolve-environment.ts'
import { expandArguments } from './environment/resolve-environment.ts'
import { logLimits } from './logs/log-path.ts'
import type { ContainerSpec } from './pod-containers.ts'
import { isHostNetwork, podHostname } from './sandbox.ts'
import type { ContainerMount } from './volumes/container-mounts.ts'

/** Everything about a run that is not in the pod. */
export interface RunFacts {
  readonly attempt: number
  readonly variables: readonly Variable[]
  readonly mounts: readonly ContainerMount[]
  readonly namespaces: ReadonlyMap<SandboxNamespace, string>
  /** Of another container of the pod, where they share processes. */
  readonly pidNamespace?: string | undefined
  /** Bytes of memory of the node, for what a container without a limit is worth to the OOM killer. */
  readonly nodeMemory: number
  /** Lower ones the kernel refuses to this agent: it has no CAP_SYS_RESOURCE. Absent: none is refused. */
  readonly leastOomScore?: number | undefined
  readonly cgroupParent?: string | undefined
}

export const podLabels = {
  name: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
  attempt: 'io.kubernetes.container.restartCount',
} as const

/** What the runtime is asked for. Pure. */
export function containerOptions(
  pod: KubeObject,
  { name, spec }: ContainerSpec,
  facts: RunFacts,
): ContainerOptions {
  const base = defaultOptions(textAt(spec, ['image']) ?? '')
  const { metadata } = pod
  const { variables, attempt } = facts
  const texts = (field: string): readonly string[] =>
    expandArguments(textList(spec[field]), variables)
  const command = texts('command')
  const names = [metadata.name, metadata.namespace, metadata.uid]
  return {
    ...base,
    name: `k8s_${name}_${names.join('_')}_${attempt}`,
    ...(command.length === 0 ? {} : { entrypoint: command }),
    command: texts('args'),
    env: [
      `HOSTNAME=${podHostname(pod)}`,
      ...variables.map((variable) => `${variable.name}=${variable.value}`),
    ],
    workdir: textAt(spec, ['workingDir']) || undefined,
    user: userOf(pod, spec),
    groupAdd: groupsOf(pod),
    interactive: spec['stdin'] === true,
    stdinOnce: spec['stdinOnce'] === true,
    tty: spec['tty'] === true,
    detach: true,
    mounts: facts.mounts.map(toMount),
    readOnly: valueAt(spec, ['securityContext', 'readOnlyRootFilesystem']) === true,
    readOnlyTmpfs: false,
    resources: resourcesOf(spec),
    oomScoreAdj: Math.max(facts.leastOomScore ?? -1000, oomScore(pod, spec, facts.nodeMemory)),
    cgroupParent: facts.cgroupParent,
    security: securityOf(pod, spec),
    network: { ...base.network, mode: networkMode(pod, facts), noHosts: true },
    namespaces: { ...base.namespaces, ...namespacesOf(pod, facts) },
    log: {
      driver: 'k8s-file',
      maxSize: logLimits.maxSize,
      maxFiles: logLimits.maxFiles,
      other: {},
    },
    labels: {
      [podLabels.name]: metadata.name ?? '',
      [podLabels.namespace]: metadata.namespace ?? '',
      [podLabels.uid]: metadata.uid ?? '',
      [podLabels.container]: name,
      [podLabels.attempt]: String(attempt),
    },
    health: { disabled: true },
    pull: 'never',
    quiet: true,
  }
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A field of the container's securityContext, else of the pod's. */
export function securityField(pod: KubeObject, spec: JsonObject, field: string): unknown {
  return (
    valueAt(spec, ['securityContext', field]) ?? valueAt(pod, ['spec', 'securityContext', field])
  )
}

function userOf(pod: KubeObject, spec: JsonObject): string | undefined {
  const user = securityField(pod, spec, 'runAsUser')
  const group = securityField(pod, spec, 'runAsGroup')
  if (user === undefined && group === undefined) return undefined
  const uid = typeof user === 'number' ? user : 0
  return typeof group === 'number' ? `${uid}:${group}` : String(uid)
}

function groupsOf(pod: KubeObject): string[] {
  const context = ['spec', 'securityContext']
  const more = valueAt(pod, [...context, 'supplementalGroups'])
  const group = numberAt(pod, [...context, 'fsGroup'])
  return [
    ...(Array.isArray(more) ? more.map(String) : []),
    ...(group === undefined ? [] : [String(group)]),
  ]
}

function toMount(mount: ContainerMount): MountSpec {
  return {
    ...plainMount('bind', mount.destination),
    source: mount.source,
    readOnly: mount.readOnly,
    recursiveReadOnly: mount.recursiveReadOnly,
    propagation: mount.propagation,
  }
}

/** Fewer shares than this the kernel does not take. */
const leastShares = 2

/** @see https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run */
function resourcesOf(spec: JsonObject): ResourceOptions {
  const amount = (list: 'limits' | 'requests', name: string): number | undefined =>
    parseQuantity(valueAt(spec, ['resources', list, name]))
  const memory = amount('limits', 'memory')
  const limit = amount('limits', 'cpu')
  const request = amount('requests', 'cpu') ?? limit ?? 0
  return {
    ...(memory ? { memory, memorySwap: memory } : {}),
    ...(limit ? { cpus: Math.max(0.01, limit) } : {}),
    cpuShares: Math.max(leastShares, Math.floor(request * 1024)),
  }
}

/** Sources: pkg/kubelet/qos/policy.go's numbers, as in the reference of pod semantics. */
function oomScore(pod: KubeObject, spec: JsonObject, nodeMemory: number): number {
  const quality = textAt(pod, ['status', 'qosClass']) ?? qosClass(pod.spec ?? {})
  if (quality === 'Guaranteed') return -997
  if (quality === 'BestEffort') return 1000
  const request = parseQuantity(valueAt(spec, ['resources', 'requests', 'memory'])) ?? 0
  return Math.min(999, Math.max(3, Math.round(1000 - (1000 * request) / nodeMemory)))
}

function securityOf(pod: KubeObject, spec: JsonObject): SecurityOptions {
  const context = ['securityContext']
  const names = (field: string): string[] =>
    textList(valueAt(spec, [...context, 'capabilities', field])).map((name) =>
      name.toUpperCase().replace(/^CAP_/, ''),
    )
  const profile = securityField(pod, spec, 'seccompProfile') as JsonObject | undefined
  const type = textAt(profile, ['type'])
  const seccomp = type === 'Unconfined' ? 'unconfined' : textAt(profile, ['localhostProfile'])
  const isUnmasked = valueAt(spec, [...context, 'procMount']) === 'Unmasked'
  return {
    privileged: valueAt(spec, [...context, 'privileged']) === true,
    capAdd: names('add'),
    capDrop: names('drop'),
    noNewPrivileges: valueAt(spec, [...context, 'allowPrivilegeEscalation']) === false,
    seccomp,
    label: [],
    mask: [],
    unmask: isUnmasked ? ['ALL'] : [],
    systemPathsUnconfined: false,
  }
}

function networkMode(
  pod: KubeObject,
  { namespaces }: RunFacts,
): ContainerOptions['network']['mode'] {
  const path = namespaces.get('net')
  if (path === undefined || isHostNetwork(pod)) return { kind: 'host' }
  return { kind: 'path', path }
}

function namespacesOf(
  pod: KubeObject,
  { namespaces, pidNamespace }: RunFacts,
): Pick<ContainerOptions['namespaces'], 'pid' | 'ipc' | 'uts'> {
  const joined = (name: SandboxNamespace): NamespaceMode => {
    const path = namespaces.get(name)
    return path === undefined ? { kind: 'host' } : { kind: 'path', path }
  }
  const isHostPid = valueAt(pod, ['spec', 'hostPID']) === true
  const shared: NamespaceMode | undefined =
    pidNamespace === undefined ? undefined : { kind: 'path', path: pidNamespace }
  return {
    pid: isHostPid ? { kind: 'host' } : (shared ?? { kind: 'private' }),
    ipc: joined('ipc'),
    uts: joined('uts'),
  }
}

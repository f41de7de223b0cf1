import { OperationError } from '../../native/error.ts'
import type { Engine } from '../cli/engine.ts'
import type { ContainerOptions, NamespaceMode, NetworkMode } from '../container/options.ts'
import { podLabel, roleLabel } from '../kube/pod-labels.ts'
import { type Pod, requirePod, sharesOf } from './pod.ts'

/**
 * Options of a container that is to be in a pod: it joins what the pod shares, and starts the pod's infra container where
 * that does not run.
 *
 * @throws {OperationError} `NOT_FOUND`; `INVALID_ARGUMENT` for settings of a network that is the pod's
 */
export async function joinPod(
  engine: Engine,
  reference: string,
  options: ContainerOptions,
): Promise<ContainerOptions> {
  const pod = await requirePod(engine, reference)
  const { rootless } = await engine.info()
  const shares = new Set(sharesOf(pod))
  const { namespaces, network, hostname, ...rest } = options
  if (shares.has('net')) refuseOwnNetwork(pod, options)
  const held = (kind: string, own: NamespaceMode): NamespaceMode =>
    shares.has(kind) && own.kind !== 'host' ? container(pod) : own
  return {
    ...rest,
    labels: { ...options.labels, [podLabel]: pod.name, [roleLabel]: 'main' },
    requires: [...(options.requires ?? []), pod.infra.record.name],
    ...(hostname === undefined || shares.has('uts') ? {} : { hostname }),
    network: shares.has('net') ? { ...network, mode: networkOf(pod) } : network,
    namespaces: {
      ...namespaces,
      // The kernel lets an ordinary user's container mount no mqueue in another's namespace.
      ipc: rootless ? namespaces.ipc : held('ipc', namespaces.ipc),
      uts: held('uts', namespaces.uts),
      pid: held('pid', namespaces.pid),
    },
  }
}

function container({ infra }: Pod): { readonly kind: 'container'; readonly container: string } {
  return { kind: 'container', container: infra.record.name }
}

/** The host's network is joined by its name: there is no namespace of the pod's. */
function networkOf(pod: Pod): NetworkMode {
  const { mode } = pod.infra.record.options.network
  return mode.kind === 'host' ? mode : container(pod)
}

function refuseOwnNetwork({ name }: Pod, { network, hostname }: ContainerOptions): void {
  const isOwn =
    network.mode.kind === 'networks' || network.mode.kind === 'none' || hostname !== undefined
  const isPublished = network.publish.length > 0 || network.publishAll
  const hasAddress = (network.ip ?? network.ip6 ?? network.mac) !== undefined
  if (!isOwn && !isPublished && !hasAddress && network.aliases.length === 0) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    `give a container of the pod ${name} ports, networks or a host name of its own`,
    {},
    {
      hint: 'They are defined when the pod is created: network cannot be configured when it is shared with a pod. Give these flags to "mycontainer pod create"',
    },
  )
}

import type { JsonObject, KubeObject } from '../../api/object.ts'
import { isObject, listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import { matchesLabels, readLabelSelector } from '../../scheduler/label-match.ts'

// Whom a rule of a NetworkPolicy allows to talk to whom. Pure.

/** What policies are read against. */
export interface PolicyWorld {
  /** Of the whole cluster. */
  readonly pods: readonly KubeObject[]
  /** By name. */
  readonly namespaces: ReadonlyMap<string, KubeObject>
}

/** Pods that one entry of `from` or `to` selects. Equal ones have equal keys. */
export interface SelectedPeers {
  readonly key: string
  readonly addresses: (port?: NamedPort) => readonly PeerAddress[]
}

export interface NamedPort {
  readonly name: string
  readonly protocol: string
}

export interface PeerAddress {
  readonly address: string
  /** Of the port that was asked for. */
  readonly port: number
}

/** Addresses of a pod that has a network of its own and has not ended; policies know nothing of others. */
export function policyAddress(pod: KubeObject): string | undefined {
  const phase = textAt(pod, ['status', 'phase'])
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  if (valueAt(pod, ['spec', 'hostNetwork']) === true) return undefined
  const address = textAt(pod, ['status', 'podIP'])
  return address?.includes(':') ? undefined : address
}

/** @param namespace of the policy: a peer without a selector of namespaces is of this one */
export function selectPeers(
  peer: JsonObject,
  namespace: string,
  { pods, namespaces }: PolicyWorld,
): SelectedPeers {
  const podMatch = readLabelSelector(peer['podSelector'])
  const spaceMatch = readLabelSelector(peer['namespaceSelector'])
  const isSelected = ({ metadata }: KubeObject): boolean => {
    const own = metadata.namespace ?? ''
    const isInSpace = spaceMatch
      ? matchesLabels(namespaces.get(own)?.metadata.labels, spaceMatch)
      : own === namespace
    return isInSpace && (!podMatch || matchesLabels(metadata.labels, podMatch))
  }
  return {
    key: JSON.stringify([spaceMatch ? spaceMatch.key : namespace, podMatch?.key ?? '']),
    addresses: (named) =>
      pods.filter(isSelected).flatMap((pod) => {
        const address = policyAddress(pod)
        const port = named ? portNumber(pod, named) : 0
        return address === undefined || port === undefined ? [] : [{ address, port }]
      }),
  }
}

/** The number that a pod has for the name of a port. */
export function portNumber(pod: KubeObject, { name, protocol }: NamedPort): number | undefined {
  const port = listAt(pod, ['spec', 'containers'])
    .flatMap((container) => listAt(container, ['ports']))
    .find((one) => one['name'] === name && (textAt(one, ['protocol']) ?? 'TCP') === protocol)
  return port && numberAt(port, ['containerPort'])
}

/** Whether a policy is about a pod. */
export function isAbout(policy: KubeObject, pod: KubeObject): boolean {
  if (policy.metadata.namespace !== pod.metadata.namespace) return false
  const match = readLabelSelector(valueAt(policy, ['spec', 'podSelector']) ?? {})
  return match !== undefined && matchesLabels(pod.metadata.labels, match)
}

export type Direction = 'ingress' | 'egress'

/** Whether a policy isolates its pods in a direction. Without `policyTypes`: ingress, and egress where it has rules for it. */
export function isolates({ spec }: KubeObject, direction: Direction): boolean {
  const types = spec?.['policyTypes']
  if (Array.isArray(types)) return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress')
  return direction === 'ingress' || spec?.['egress'] !== undefined
}

export function isBlock(peer: JsonObject): boolean {
  return isObject(peer['ipBlock'])
}

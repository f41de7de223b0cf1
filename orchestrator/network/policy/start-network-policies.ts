import { u32 } from '../../../native/netlink-attribute.ts'
import {
  compare,
  connection,
  mask,
  verdict,
  verdictLookup,
} from '../../../runtime/network/nftables/expression.ts'
import type { KubeObject } from '../../api/object.ts'
import { sameJson } from '../../api/object.ts'
import type { Client } from '../../client/client.ts'
import { makeInformer } from '../../client/informer.ts'
import type { Informer } from '../../client/informer.ts'
import type { Informers } from '../../client/informers.ts'
import type { BaseChain } from '../../service-proxy/base-table.ts'
import { openKernelTable, removeKernelTable } from '../../service-proxy/kernel-table.ts'
import type { KernelTable } from '../../service-proxy/kernel-table.ts'
import { destination4, isIpv4, source4 } from '../../service-proxy/packet.ts'
import { emptyPart } from '../../service-proxy/table-part.ts'
import type { TablePart } from '../../service-proxy/table-part.ts'
import { isolatedPods, planPolicies } from './plan-policies.ts'
import { startPulse } from '../../node/pulse.ts'

export interface NetworkPolicyOptions {
  readonly client: Client
  readonly nodeName: string
  /** Shared with others of this process; they stay open. */
  readonly informers: Informers
  /** Name of the nftables table; nodes that share a network namespace need one each. */
  readonly table?: string | undefined
  readonly onProblem: (what: string, error: unknown) => void
}

export interface NetworkPolicies {
  /** Stop following; what is in the kernel goes on. */
  stop(): void
}

const policyKind = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }
const usualTable = 'myorch-policies'
/** Milliseconds: changes that come together are one transaction. */
const gather = 5
const retryAfter = 1000
/** Milliseconds between two looks at whether somebody changed the table. */
const checkEvery = 10_000

/**
 * Drop what network policies do not allow to and from the pods of this node, in the network namespace of this process.
 * Traffic of the node itself is always allowed, as everywhere.
 *
 * @returns when the policies that are known now are in place
 */
export async function startNetworkPolicies(
  options: NetworkPolicyOptions,
): Promise<NetworkPolicies> {
  const { client, informers, onProblem } = options
  const namespaces = informers.of({ apiVersion: 'v1', kind: 'Namespace' })
  // Not one of those that others wait for: services are to work where policies cannot be read.
  const policies = makeInformer(client, policyKind, {}, { onProblem })
  await Promise.all([namespaces.synced, policies.synced])
  // Every pod of the cluster matters once there is a policy, and none before.
  let pods: Informer | undefined
  let timer: NodeJS.Timeout | undefined
  const applier = makeApplier(options)
  const apply = (): void => {
    timer = undefined
    if (!pods) return
    const all = { policies: policies.list(), pods: pods.list(), namespaces: byName(namespaces) }
    try {
      applier.apply(planPolicies({ ...all, nodeName: options.nodeName }))
    } catch (error) {
      onProblem('write the rules of network policies', error)
      applier.forget()
      schedule(retryAfter)
    }
  }
  const schedule = (delay: number): void => {
    timer ??= setTimeout(apply, delay)
  }
  const begin = async (): Promise<void> => {
    if (pods) return
    pods = makeInformer(client, { apiVersion: 'v1', kind: 'Pod' }, {}, { onProblem })
    pods.onChange((pod, isThere, previous) => {
      if (!isThere || !previous || isOtherPeer(pod, previous)) schedule(gather)
    })
    await pods.synced
  }
  policies.onChange(() => {
    void begin().catch((error: unknown) => onProblem('list the pods of the cluster', error))
    schedule(gather)
  })
  namespaces.onChange((space, isThere, previous) => {
    if (!isThere || !sameJson(space.metadata.labels, previous?.metadata.labels)) schedule(gather)
  })
  const checking = startPulse(checkEvery, () => {
    if (!applier.isDamaged()) return
    applier.forget()
    schedule(0)
  }).unref()
  // What a process before this one left is of no use without a policy.
  if (policies.list().length === 0) removeKernelTable(options.table ?? usualTable)
  else await begin().then(apply)
  return {
    stop: () => {
      clearTimeout(timer)
      checking.stop()
      pods?.stop()
      policies.stop()
    },
  }
}

function byName(namespaces: Informer): Map<string, KubeObject> {
  return new Map(namespaces.list().map((one) => [one.metadata.name ?? '', one]))
}

/** Whether a pod is another one for policies. */
function isOtherPeer(pod: KubeObject, previous: KubeObject): boolean {
  const facts = ({ metadata, spec, status }: KubeObject): unknown => [
    metadata.labels,
    metadata.uid,
    spec?.['nodeName'],
    status?.['podIP'],
    status?.['phase'],
  ]
  return JSON.stringify(facts(pod)) !== JSON.stringify(facts(previous))
}

interface Applier {
  apply(parts: ReadonlyMap<string, TablePart>): void
  isDamaged(): boolean
  /** What the kernel has is not what we think: all of it is made anew. */
  forget(): void
}

function makeApplier({ table = usualTable, onProblem }: NetworkPolicyOptions): Applier {
  const open = (): KernelTable => openKernelTable({ table, sets: baseSets, chains: baseChains() })
  let kernel = open()
  let known: ReadonlySet<string> = new Set()
  return {
    apply: (parts) => {
      const gone = [...known].filter((owner) => !parts.has(owner))
      kernel.apply(new Map([...parts, ...gone.map((owner) => [owner, emptyPart] as const)]))
      known = new Set(parts.keys())
    },
    isDamaged: () => {
      try {
        return kernel.isDamaged()
      } catch (error) {
        onProblem('look at the rules of network policies', error)
        return false
      }
    },
    forget: () => {
      kernel = open()
      known = new Set()
    },
  }
}

const baseSets = Object.values(isolatedPods).map(
  (name) => ({ name, key: ['ipv4_addr'], data: 'verdict' }) as const,
)
const ESTABLISHED = 2
const RELATED = 4

function baseChains(): BaseChain[] {
  const isKnown = [
    connection('state'),
    mask(u32(ESTABLISHED | RELATED)),
    compare('different', u32(0)),
  ]
  return [
    {
      name: 'forward',
      // After services: addresses of pods are to be seen, not those of services.
      base: { kind: 'filter', hook: 'forward', priority: 10 },
      rules: [
        { comment: 'connections that were allowed', expressions: [...isKnown, verdict('accept')] },
        {
          comment: 'from pods of this node',
          expressions: [...isIpv4, source4(), verdictLookup(isolatedPods.egress)],
        },
        {
          comment: 'to pods of this node',
          expressions: [...isIpv4, destination4(), verdictLookup(isolatedPods.ingress)],
        },
      ],
    },
  ]
}

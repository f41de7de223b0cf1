import type { KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import { newNode, nodeStatus } from './node-object.ts'
import type { NodeFacts, NodeImage } from './node-object.ts'
import type { PressureMemory } from './pressure/pressure-conditions.ts'
import { startPulse } from './pulse.ts'

const nodeKind = { apiVersion: 'v1', kind: 'Node' }
const leaseKind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
const leaseNamespace = 'kube-node-lease'

export interface HeartbeatOptions {
  readonly client: Client
  readonly facts: NodeFacts
  readonly images: () => Promise<readonly NodeImage[]>
  readonly hasPressure: PressureMemory['has']
  /** Seconds between two leases, and how long one holds. */
  readonly renewSeconds: number
  readonly leaseSeconds: number
  /** Seconds between two statuses where nothing has changed. */
  readonly statusSeconds: number
  readonly onProblem: (what: string, error: unknown) => void
}

export interface Heartbeat {
  /** What the node says of itself has changed: tell it at once. */
  hurry(): void
  stop(): void
}

/** Make the node known. @returns it, with the range of addresses that it was given, once there is one */
export async function registerNode(client: Client, facts: NodeFacts): Promise<KubeObject> {
  const { name } = facts
  const wanted = newNode(facts)
  const found = await find(client, name)
  if (!found) return client.create(wanted)
  const labels = { ...wanted.metadata.labels }
  const annotations = { ...wanted.metadata.annotations }
  return client.patch(nodeKind, { name }, 'merge', { metadata: { labels, annotations } })
}

async function find(client: Client, name: string): Promise<KubeObject | undefined> {
  try {
    return await client.get(nodeKind, { name })
  } catch (error) {
    if (error instanceof StatusError && error.status.code === 404) return undefined
    throw error
  }
}

/** Wait until a controller has given the node its range of pod addresses. */
export async function waitForPodCidr(
  client: Client,
  node: KubeObject,
  signal: AbortSignal,
): Promise<string> {
  const cidr = textAt(node, ['spec', 'podCIDR'])
  if (cidr !== undefined) return cidr
  const { name = '', resourceVersion = '0' } = node.metadata
  const found = Promise.withResolvers<string>()
  const watching = new AbortController()
  const both = AbortSignal.any([signal, watching.signal])
  const watch = client.watch(nodeKind, {
    fieldSelector: `metadata.name=${name}`,
    resourceVersion,
    signal: both,
    onEvent: ({ object }) => {
      const range = textAt(object, ['spec', 'podCIDR'])
      if (range !== undefined) found.resolve(range)
    },
  })
  watch.then(() => found.reject(new Error('the watch of the node has ended')), found.reject)
  try {
    return await found.promise
  } finally {
    watching.abort()
  }
}

/** No more leases are under way at once: what hangs is not waited for, and neither is it piled up. */
const mostLeases = 2

/**
 * Tell the API again and again that the node lives. The lease is renewed by the clock, whatever else is slow: an answer
 * that does not come, a status to be told, images to be counted.
 */
export async function startHeartbeat(options: HeartbeatOptions): Promise<Heartbeat> {
  const { renewSeconds, onProblem } = options
  const problem = (error: unknown): void => onProblem('heartbeat', error)
  const tellStatus = oneByOne(statusTeller(options))
  let leases = 0
  let renewedAt = Number.NEGATIVE_INFINITY
  const beat = async (): Promise<void> => {
    if (leases >= mostLeases) return
    leases += 1
    try {
      await renewLease(options)
    } finally {
      leases -= 1
    }
    // Whoever was not heard of for a while may have been called unreachable: only a status puts that right.
    const wasSilent = performance.now() - renewedAt > 2 * renewSeconds * 1000
    renewedAt = performance.now()
    await tellStatus(wasSilent)
  }
  await beat()
  const timer = startPulse(renewSeconds * 1000, () => void beat().catch(problem))
  return {
    hurry: () => void tellStatus(true).catch(problem),
    stop: () => timer.stop(),
  }
}

/** Never two at once; what is wanted meanwhile is done afterwards, once. One that failed is wanted again. */
function oneByOne(
  tell: (isWanted: boolean) => Promise<void>,
): (isWanted: boolean) => Promise<void> {
  let isTelling = false
  let wanted = false
  return async (isWanted) => {
    wanted ||= isWanted
    if (isTelling) return
    isTelling = true
    try {
      do {
        const now = wanted
        wanted = false
        try {
          await tell(now)
        } catch (error) {
          wanted ||= now
          throw error
        }
      } while (wanted)
    } finally {
      isTelling = false
    }
  }
}

/** @returns writes the status where it is new, was not written for long, or that is wanted */
function statusTeller(options: HeartbeatOptions): (isWanted: boolean) => Promise<void> {
  const { client, facts, statusSeconds, hasPressure } = options
  let toldAt = Number.NEGATIVE_INFINITY
  let known = ''
  return async (isWanted) => {
    const images = await options.images()
    // Others bring images too: the scheduler should know of them before long.
    const names = JSON.stringify(images)
    const isFresh = performance.now() - toldAt < statusSeconds * 1000
    if (!isWanted && names === known && isFresh) return
    const node = (await find(client, facts.name)) ?? (await registerNode(client, facts))
    const status = nodeStatus(facts, node, images, now(), hasPressure)
    await client.patch(nodeKind, { name: facts.name }, 'strategic', { status }, 'status')
    toldAt = performance.now()
    known = names
  }
}

async function renewLease({ client, facts, leaseSeconds }: HeartbeatOptions): Promise<void> {
  const { name } = facts
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: microTime() }
  const of = { name, namespace: leaseNamespace }
  try {
    await client.patch(leaseKind, of, 'merge', { spec })
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    const metadata = { ...of }
    await client.create({ ...leaseKind, metadata, spec })
  }
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}

import { describeError } from '../../native/error.ts'
import type { Client } from '../client/client.ts'
import { makeInformer } from '../client/informer.ts'
import type { Informer } from '../client/informer.ts'
import { readNode } from './plan-routes.ts'
import type { NodeOfNetwork, RouteMode } from './plan-routes.ts'
import { applyRoutes } from './route-table.ts'
import { startPulse } from '../node/pulse.ts'

export interface NodeRoutesOptions {
  readonly client: Client
  readonly nodeName: string
  /** By which other nodes reach this one. */
  readonly address: string
  /** This node's range of pod addresses. */
  readonly podCidr: string
  readonly mode?: RouteMode | undefined
  /** Name of the tunnel's interface, for nodes that share a network namespace. */
  readonly tunnel?: string | undefined
  /** All nodes, when somebody follows them already. */
  readonly nodes?: Informer | undefined
  /** Milliseconds between two looks at routes that nobody said had changed. Absent: 30 000. */
  readonly checkEvery?: number | undefined
  readonly onProblem?: ((what: string, error: unknown) => void) | undefined
}

const usualCheck = 30_000

/**
 * Keep routes to the pods of all other nodes: straight to a node that is on one of this node's segments, through a tunnel to any other.
 *
 * @returns when routes to the nodes that are known stand; `stop` leaves them, for pods go on when their agent restarts
 */
export async function startNodeRoutes(options: NodeRoutesOptions): Promise<{ stop(): void }> {
  const { client, onProblem = printProblem } = options
  const kind = { apiVersion: 'v1', kind: 'Node' }
  const nodes = options.nodes ?? makeInformer(client, kind, {}, { onProblem })
  await nodes.synced
  const own = { name: options.nodeName, address: options.address, podCidr: options.podCidr }
  let last = ''
  let isStopped = false
  const apply = (): void => {
    const known = nodes.list().flatMap((node) => readNode(node) ?? [])
    try {
      const { failures } = applyRoutes({ ...options, own }, known)
      for (const { node, error } of failures) onProblem(`make the route to node ${node}`, error)
      last = failures.length > 0 ? '' : textOf(known)
    } catch (error) {
      last = ''
      onProblem('make the routes to other nodes', error)
    }
  }
  apply()
  // A heartbeat changes a node too, but not its way.
  nodes.onChange(() => {
    if (!isStopped && textOf(nodes.list().flatMap((node) => readNode(node) ?? [])) !== last) apply()
  })
  const checking = startPulse(options.checkEvery ?? usualCheck, apply).unref()
  return {
    stop: () => {
      isStopped = true
      checking.stop()
      if (!options.nodes) nodes.stop()
    },
  }
}

function textOf(nodes: readonly NodeOfNetwork[]): string {
  return nodes
    .map(({ name, address, podCidr }) => `${name} ${address} ${podCidr}`)
    .toSorted()
    .join('\n')
}

function printProblem(what: string, error: unknown): void {
  const line = { time: new Date().toISOString(), level: 'error', what, error: describeError(error) }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}

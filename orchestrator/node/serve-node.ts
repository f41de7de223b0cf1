import { join } from 'node:path'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import type { PodWorker } from './pod-worker.ts'
import { makeAgentMetrics } from './server/agent-metrics.ts'
import type { AgentMetrics } from './server/agent-metrics.ts'
import { startNodeServer } from './server/node-server.ts'
import type { NodeServer } from './server/node-server.ts'
import type { NodeUsage } from './server/served-pods.ts'
import { serveWorkers } from './server/serve-workers.ts'

interface ServeNodeOptions {
  readonly name: string
  readonly address: string
  readonly root: string
  readonly certificate: string
  readonly key: string
  readonly authority: string
  readonly port?: number | undefined
  readonly context: EngineContext
  readonly workers: ReadonlyMap<string, PodWorker>
}

export interface ServedNode extends NodeServer {
  readonly metrics: AgentMetrics
  /** Of everything that runs here, now. */
  usage(): NodeUsage
}

/** The agent's server over what its workers know. */
export async function serveNode(options: ServeNodeOptions): Promise<ServedNode> {
  const { name, address, root, certificate, key, authority, port, context, workers } = options
  const metrics = await makeAgentMetrics(name, () => [...workers.values()].map(({ pod }) => pod))
  const pods = serveWorkers({
    context,
    nodeName: name,
    folder: root,
    logsFolder: join(root, 'logs'),
    workers: () => workers.values(),
  })
  const server = await startNodeServer({
    host: address,
    ...(port === undefined ? {} : { port }),
    certificate,
    key,
    authority,
    metrics,
    pods,
  })
  return { ...server, metrics, usage: () => pods.usage() }
}

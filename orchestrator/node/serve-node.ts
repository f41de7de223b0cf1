import { join } from 'node:path'
import { containerFolder } from '../../runtime/container/container-folder.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { readRecord } from '../../runtime/container/record-store.ts'
import { waitForEnd } from '../../runtime/container/wait.ts'
import type { KubeObject } from '../api/object.ts'
import { containerSpecs } from './pod-containers.ts'
import type { ContainerRun } from './pod-containers.ts'
import type { PodWorker } from './pod-worker.ts'
import { isHostNetwork } from './sandbox.ts'
import { makeAgentMetrics } from './server/agent-metrics.ts'
import { attachToContainer, execProcess } from './server/container-processes.ts'
import { dialPod } from './server/dial-pod.ts'
import { startNodeServer } from './server/node-server.ts'
import type { NodeServer } from './server/node-server.ts'
import { makeUsageReader } from './server/read-usage.ts'
import type { MeasuredPod } from './server/read-usage.ts'
import type { ServedContainer } from './server/served-pods.ts'

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

/** The agent's server over what its workers know. */
export async function serveNode(options: ServeNodeOptions): Promise<NodeServer> {
  const { name, address, root, certificate, key, authority, port, context, workers } = options
  const pods = (): KubeObject[] => [...workers.values()].map(({ pod }) => pod)
  const workerOf = ({ metadata }: KubeObject): PodWorker | undefined =>
    workers.get(metadata.uid ?? '')
  return startNodeServer({
    host: address,
    ...(port === undefined ? {} : { port }),
    certificate,
    key,
    authority,
    metrics: await makeAgentMetrics(name, pods),
    pods: {
      pods,
      container: (pod, container, isPrevious) => {
        const { current, previous } = workerOf(pod)?.facts(container) ?? {}
        const run = isPrevious ? previous : current
        return run && served(context, run)
      },
      exec: ({ id }, wish) => execProcess(context, id, wish),
      attach: ({ id }, wish) => attachToContainer(context, id, wish),
      dialPod: (pod, podPort) => dialPod(context, pod, runningContainer(workerOf(pod)), podPort),
      usage: makeUsageReader({
        context,
        nodeName: name,
        folder: root,
        pods: () => [...workers.values()].map(measured),
      }),
    },
  })
}

/** Any of a pod's that runs: all of them share its network. Empty where none does. */
function runningContainer(worker: PodWorker | undefined): string {
  const runs = containerSpecs(worker?.pod ?? { apiVersion: 'v1', kind: 'Pod', metadata: {} }).map(
    ({ name }) => worker?.facts(name).current,
  )
  return runs.find((run) => run?.isRunning)?.id ?? ''
}

function served(context: EngineContext, run: ContainerRun): ServedContainer {
  const record = readRecord(context.folders, run.id)
  return {
    id: run.id,
    logPath:
      record?.logPath ?? join(containerFolder(context.folders, run.id).logs, 'container.log'),
    isRunning: () => run.isRunning && readRecord(context.folders, run.id) !== undefined,
    ended: () => waitForEnd(context.folders, run.id),
  }
}

function measured(worker: PodWorker): MeasuredPod {
  const { pod } = worker
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const since = (text: unknown): number => Date.parse(String(text)) || Date.now()
  return {
    name,
    namespace,
    uid,
    startedAt: since(pod.status?.['startTime']),
    hostNetwork: isHostNetwork(pod),
    containers: containerSpecs(pod).flatMap((spec) => {
      const { current } = worker.facts(spec.name)
      if (!current?.isRunning) return []
      return [{ id: current.id, name: spec.name, startedAt: since(current.startedAt) }]
    }),
  }
}

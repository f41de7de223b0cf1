import { mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { describeError } from '../../native/error.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { makeEventRecorder } from '../client/event-recorder.ts'
import type { EventText } from '../client/event-recorder.ts'
import { makeInformer } from '../client/informer.ts'
import { untilReachable } from '../client/until-reachable.ts'
import type { Informer } from '../client/informer.ts'
import { openPodNetwork } from '../network/pod-network.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { NodeRoom } from './admit-pod.ts'
import { makeBackOff } from './back-off.ts'
import { makeClientSources } from './environment/client-sources.ts'
import { followPods } from './follow-pods.ts'
import { nodeAllocatable, storageFolder } from './node-object.ts'
import type { NodeFacts } from './node-object.ts'
import { startNodePressure } from './node-pressure.ts'
import type { PressureOptions } from './node-pressure.ts'
import type { PodTools } from './pod-tools.ts'
import { makeClassGroups } from './pod-cgroup.ts'
import type { PodWorker } from './pod-worker.ts'
import { registerNode, startHeartbeat, waitForPodCidr } from './register-node.ts'
import type { Heartbeat } from './register-node.ts'
import { serveNode } from './serve-node.ts'
import { makeNodeStorage } from './volumes/node-storage.ts'

export interface NodeAgentOptions extends PressureOptions {
  readonly client: Client
  readonly name: string
  /** By which the server and other nodes reach this one. */
  readonly address: string
  /** All state of the node. */
  readonly root: string
  /** Where images are; nodes of one machine share them. Absent: in `root`. */
  readonly imageRoot?: string | undefined
  /** PEM, for the agent's server. */
  readonly certificate: string
  readonly key: string
  readonly authority: string
  /** Absent: 10250; zero: any free one. */
  readonly port?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly maxPods?: number | undefined
  /** The pods' bridge; nodes that share a network namespace need one each. */
  readonly bridge?: string | undefined
  /** Registries, as `host:port`, that need no TLS. */
  readonly insecureRegistries?: readonly string[] | undefined
  readonly record?: RecordSpan | undefined
  readonly resolvConf?: ((pod: KubeObject) => string) | undefined
  /** Seconds; absent: 10 and 40, and 60 for the status. */
  readonly renewSeconds?: number | undefined
  readonly leaseSeconds?: number | undefined
  readonly statusSeconds?: number | undefined
  /** Seconds between two looks at what changes without an event: tokens, disk usage. Absent: 60. */
  readonly refreshSeconds?: number | undefined
  /** Milliseconds of the first and longest wait of a container that keeps ending. */
  readonly firstBackOff?: number | undefined
  readonly longestBackOff?: number | undefined
  /** Told of each event, besides the API. */
  readonly onEvent?: ((about: KubeObject, text: EventText) => void) | undefined
  readonly onProblem?: ((what: string, error: unknown) => void) | undefined
}

export interface NodeAgent {
  readonly port: number
  /** The node's range of pod addresses. */
  readonly podCidr: string
  readonly services: Informer
  /** Let go: containers go on, and the next agent takes them over. */
  stop(): Promise<void>
}

const version = '0.1.0'
const usualMaxPods = 110

/** Run the pods that the API gives this node. @returns when the node is known and its first pods are looked at */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { client, name, address, root } = options
  const onProblem = options.onProblem ?? printProblem
  const refreshEvery = (options.refreshSeconds ?? 60) * 1000
  const stopping = new AbortController()
  mkdirSync(root, { recursive: true, mode: 0o711 })
  const context = openRuntime(options)
  const services = makeInformer(
    client,
    { apiVersion: 'v1', kind: 'Service' },
    {},
    { firstWait: 20 },
  )
  const workers = new Map<string, PodWorker>()
  const sources = makeClientSources({
    client,
    services: () => services.list(),
    onChange: () => refreshAll(workers),
  })
  const served = await serveNode({ ...options, context, workers })
  const facts: NodeFacts = {
    name,
    address,
    port: served.port,
    folder: root,
    labels: options.labels ?? {},
    maxPods: options.maxPods ?? usualMaxPods,
    version,
  }
  const node = await untilReachable(() => registerNode(client, facts), stopping.signal)
  const cidr = await waitForPodCidr(client, node, stopping.signal)
  const network = openPodNetwork({
    folder: join(root, 'addresses'),
    cidr,
    isRouted: true,
    ...(options.bridge === undefined ? {} : { bridge: options.bridge }),
  })
  const backOff = { first: options.firstBackOff, longest: options.longestBackOff }
  const storage = makeNodeStorage({
    client,
    node: name,
    folder: storageFolder(root),
    labels: () => own?.get({ name })?.metadata.labels ?? node.metadata.labels ?? {},
    onProblem,
  })
  const record = makeEventRecorder(client, 'kubelet', { host: name, onProblem })
  const tools: PodTools = {
    context,
    client,
    tell: (about, text) => {
      record(about, text)
      options.onEvent?.(about, text)
    },
    metrics: served.metrics,
    record: options.record ?? (() => undefined),
    network,
    sources,
    storage,
    nodeName: name,
    nodeAddress: address,
    nodeMemory: totalmem(),
    allocatable: nodeAllocatable(facts),
    podsFolder: join(root, 'pods'),
    // A little less, so that a look that comes a moment early counts.
    measureEvery: refreshEvery * 0.9,
    logsFolder: join(root, 'logs'),
    restarts: makeBackOff(backOff),
    pulls: makeBackOff({ ...backOff, atOnce: true }),
    pulling: new Map(),
    insecureRegistries: new Set(options.insecureRegistries),
    resolvConf: options.resolvConf ?? (() => ''),
    onProblem,
  }
  await services.synced
  storage.begin()
  makeClassGroups(context.facts)
  const pods = makeInformer(
    client,
    { apiVersion: 'v1', kind: 'Pod' },
    { fieldSelector: `spec.nodeName=${name}` },
    { onProblem },
  )
  const own = makeInformer(
    client,
    { apiVersion: 'v1', kind: 'Node' },
    { fieldSelector: `metadata.name=${name}` },
    { onProblem },
  )
  await own.synced
  const room = (): NodeRoom => ({
    name,
    labels: own.get({ name })?.metadata.labels ?? {},
    allocatable: tools.allocatable,
  })
  let heartbeat: Heartbeat | undefined
  const pressure = startNodePressure(
    {
      ...tools,
      root,
      imageRoot: options.imageRoot,
      usage: () => served.usage(),
      pods: () => [...workers.values()],
      tell: (text) => tools.tell(own.get({ name }) ?? node, text),
      onChange: () => heartbeat?.hurry(),
    },
    options,
  )
  await followPods(tools, pods, { workers, room, hasPressure: pressure.has })
  heartbeat = await startHeartbeat({
    client,
    facts,
    images: () => listImages(context),
    hasPressure: pressure.has,
    renewSeconds: options.renewSeconds ?? 10,
    leaseSeconds: options.leaseSeconds ?? 40,
    statusSeconds: options.statusSeconds ?? 60,
    onProblem,
  })
  const refreshing = setInterval(() => refreshAll(workers), refreshEvery)
  refreshing.unref()
  return {
    port: served.port,
    podCidr: cidr,
    services,
    stop: async () => {
      stopping.abort()
      clearInterval(refreshing)
      heartbeat?.stop()
      pressure.stop()
      pods.stop()
      own.stop()
      await served.close()
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      services.stop()
      storage.stop()
      sources.stop()
      context.zygote.close()
    },
  }
}

function openRuntime({ root, imageRoot }: NodeAgentOptions): EngineContext {
  const context = openContext(join(root, 'runtime'), process.env)
  if (imageRoot === undefined) return context
  // Nobody may have put an image there yet.
  mkdirSync(imageRoot, { recursive: true, mode: 0o711 })
  const shared = openContext(imageRoot, process.env)
  let store: ReturnType<typeof openImageStore> | undefined
  return { ...context, images: async () => (store ??= openImageStore(shared.folders)) }
}

function refreshAll(workers: ReadonlyMap<string, PodWorker>): void {
  for (const worker of workers.values()) worker.refresh()
}

async function listImages(
  context: EngineContext,
): Promise<{ names: readonly string[]; sizeBytes: number }[]> {
  const store = await context.images()
  return store.list().map(({ references, digest, size }) => ({
    names: [
      ...references,
      ...references.slice(0, 1).map((name) => `${name.replace(/:[^:/]*$/, '')}@${digest}`),
    ],
    sizeBytes: size,
  }))
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), level: 'error', what, error: describeError(error) })}\n`,
  )
}

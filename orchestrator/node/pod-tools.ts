import type { EngineContext } from '../../runtime/container/engine-context.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { BackOff } from './back-off.ts'
import type { PullsUnderWay } from './images.ts'
import type { AgentMetrics } from './server/agent-metrics.ts'
import type { PodSources } from './environment/pod-sources.ts'
import type { NodeStorage } from './volumes/node-storage.ts'
import type { KubeObject } from '../api/object.ts'

/** What all workers of a node share. */
export interface PodTools {
  readonly context: EngineContext
  readonly client: Client
  readonly tell: EventRecorder
  readonly record: RecordSpan
  readonly metrics: AgentMetrics
  readonly network: PodNetwork
  readonly sources: PodSources
  readonly storage: NodeStorage
  readonly nodeName: string
  readonly nodeAddress: string
  /** Bytes. */
  readonly nodeMemory: number
  readonly allocatable: Readonly<Record<string, string>>
  /** Below it each pod has a folder of its own, named by its uid. */
  readonly podsFolder: string
  /** Milliseconds between two looks at what a pod's volumes take. */
  readonly measureEvery: number
  /** Where logs are found by their pods' names. */
  readonly logsFolder: string
  /** Of containers that end again and again; keys are `UID/NAME`. */
  readonly restarts: BackOff
  /** Of images that cannot be pulled. */
  readonly pulls: BackOff
  readonly pulling: PullsUnderWay
  /** As `host:port`. */
  readonly insecureRegistries: ReadonlySet<string>
  /** Texts of the pod's files, which depend on its DNS policy. */
  readonly resolvConf: (pod: KubeObject) => string
  readonly onProblem: (what: string, error: unknown) => void
}

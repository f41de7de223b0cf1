import type { KubeObject } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import type { ContainerFacts } from './pod-containers.ts'
import type { PodSpans } from './pod-spans.ts'
import type { PodTools } from './pod-tools.ts'

/** What the containers of one pod share, as the worker of each sees it. */
export interface ContainerOwner {
  readonly tools: PodTools
  /** The pod's own. */
  readonly folder: string
  readonly uid: string
  readonly spans: PodSpans
  /** What is known of each container, for all to see. */
  readonly facts: Map<string, ContainerFacts>
  pod(): KubeObject
  /** The pod's; the node's where it has none of its own. */
  address(): string
  /** Seconds that a stop may take at most, whatever it was given when it began. */
  mostGrace(): number
  /** Something of `facts` has changed. */
  onChange(): void
  tell(text: EventText): void
}

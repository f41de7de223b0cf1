import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informers.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { ControllerCounts } from './controller-counts.ts'

/** What every controller is given. */
export interface ControllerContext {
  readonly client: Client
  readonly informers: Informers
  /** Events in the name of a component, like `job-controller`. */
  readonly recorder: (component: string) => EventRecorder
  readonly record: RecordSpan
  readonly onProblem: (what: string, error: unknown) => void
  readonly settings: Partial<ControllerSettings>
  readonly counts: ControllerCounts
}

/** All times in milliseconds; absent settings are upstream's. */
export interface ControllerSettings {
  /** A node silent for that long is not ready. Default 40 000. */
  readonly nodeMonitorGrace: number
  /** A node that never said anything gets that long. Default 60 000. */
  readonly nodeStartupGrace: number
  /** How often nodes are looked at. Default: an eighth of the grace, at most 5 000. */
  readonly nodeMonitorPeriod: number
  /** Nodes a second whose pods are sent away. Default 0.1. */
  readonly nodeEvictionRate: number
  /** Where pods get their addresses from. Default `10.244.0.0/16`. */
  readonly clusterRange: string
  /** Prefix length of a node's share of it. Default 24. */
  readonly nodeRangeBits: number
  /** A node away for that long is gone, and its pods with it. Default 40 000. */
  readonly goneNodeQuarantine: number
  /** How often pods are collected. Default 20 000. */
  readonly podGcPeriod: number
  /** How often autoscalers look. Default 15 000. */
  readonly autoscalerPeriod: number
  /** PEM of the cluster's authority, for the pods of every namespace. Absent: nobody tells them. */
  readonly authority: string
}

export interface RunningController {
  /** @returns when nothing of it is under way any more */
  stop(): Promise<void>
}

/** Subscribes to what it needs at once, and writes once the informers are synced. */
export type StartController = (context: ControllerContext) => RunningController

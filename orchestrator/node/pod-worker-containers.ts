import { join } from 'node:path'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import type { KubeObject } from '../api/object.ts'
import { listAt, textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { podLabels } from './container-options.ts'
import type { ContainerOwner } from './container-owner.ts'
import { followRun, readRun } from './container-runs.ts'
import { ContainerWorker } from './container-worker.ts'
import type { ContainerPlace } from './container-worker.ts'
import { containerSpecs } from './pod-containers.ts'
import type { ContainerFacts, ContainerSpec } from './pod-containers.ts'
import type { PodSpans } from './pod-spans.ts'
import type { PodTools } from './pod-tools.ts'
import type { ContainerHealth } from './probes/container-probes.ts'

/** The containers of one pod: what is known of each, and what can be done with them. */
export interface PodContainers {
  readonly facts: ReadonlyMap<string, ContainerFacts>
  /** Take over what an agent before us has started. */
  adopt(records: readonly ContainerRecord[]): void
  /** Begin to start one, unless that has begun; a pull may take minutes, so nobody waits for it. */
  start(spec: ContainerSpec, place: ContainerPlace): void
  /** Give up starts that are under way. @returns when none is */
  halt(): Promise<void>
  /** What a container's configuration refers to may be there by now: do not wait any longer. */
  retryConfig(): void
  /** @returns when all of them have ended */
  stop(specs: readonly ContainerSpec[], graceSeconds: number): Promise<void>
  /** A stop that is under way has less time than it had. */
  graceChanged(seconds: number): void
  hasFailed(): boolean
  stopProbes(): void
}

interface Options {
  readonly tools: PodTools
  readonly folder: string
  readonly spans: PodSpans
  readonly pod: () => KubeObject
  readonly onChange: () => void
  readonly tell: (text: EventText) => void
}

export function makePodContainers({
  tools,
  folder,
  spans,
  pod,
  onChange,
  tell,
}: Options): PodContainers {
  const facts = new Map<string, ContainerFacts>()
  const workers = new Map<string, ContainerWorker>()
  let mostGrace = Number.POSITIVE_INFINITY
  let sandboxAddress = ''
  const owner: ContainerOwner = {
    tools,
    folder,
    uid: pod().metadata.uid ?? '',
    spans,
    facts,
    pod,
    address: () => textAt(pod(), ['status', 'podIP']) ?? sandboxAddress,
    mostGrace: () => mostGrace,
    onChange,
    tell,
  }
  const workerOf = (spec: ContainerSpec): ContainerWorker => {
    const known = workers.get(spec.name) ?? new ContainerWorker(owner, spec)
    workers.set(spec.name, known)
    known.update(spec)
    return known
  }
  return {
    facts,
    adopt: (records) => {
      for (const spec of containerSpecs(pod())) {
        const own = records.filter(
          ({ options }) => options.labels[podLabels.container] === spec.name,
        )
        adoptRuns(owner, workerOf(spec), spec, own)
      }
    },
    start: (spec, place) => {
      const { address } = place.sandbox
      sandboxAddress = address === '' ? tools.nodeAddress : address
      workerOf(spec).start(place)
    },
    halt: async () => void (await Promise.all([...workers.values()].map((it) => it.halt()))),
    retryConfig: () => {
      for (const worker of workers.values()) worker.retryConfig()
    },
    stop: async (specs, seconds) =>
      void (await Promise.all(specs.map((spec) => workerOf(spec).stop(seconds)))),
    graceChanged: (seconds) => void (mostGrace = seconds),
    hasFailed: () =>
      containerSpecs(pod()).some(
        ({ name, role }) => role === 'main' && facts.get(name)?.current?.exitCode !== 0,
      ),
    stopProbes: () => {
      for (const worker of workers.values()) worker.stopProbes()
    },
  }
}

/** @param records the container's runs, oldest first */
function adoptRuns(
  owner: ContainerOwner,
  worker: ContainerWorker,
  { name }: ContainerSpec,
  records: readonly ContainerRecord[],
): void {
  const { folder, facts } = owner
  const { context } = owner.tools
  const messageFile = (record: ContainerRecord): string =>
    join(folder, 'containers', name, `${record.options.labels[podLabels.attempt] ?? 0}.message`)
  const [previous, current] = [records.at(-2), records.at(-1)].map(
    (record) => record && readRun(context, record, messageFile(record)),
  )
  const record = records.at(-1)
  if (!current || !record) return
  facts.set(name, { current, previous })
  if (!current.isRunning) return
  worker.follow(
    current,
    followRun(context, record, messageFile(record)),
    knownHealth(owner.pod(), name),
  )
}

/** What the API was told last of a container that is taken over. */
function knownHealth(pod: KubeObject, name: string): ContainerHealth | undefined {
  const status = ['containerStatuses', 'initContainerStatuses']
    .flatMap((field) => listAt(pod, ['status', field]))
    .find((it) => it['name'] === name)
  return status && { started: status['started'] === true, ready: status['ready'] === true }
}

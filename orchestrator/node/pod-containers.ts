import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt, textAt } from '../api/object.ts'
import type { ContainerHealth } from './probes/container-probes.ts'

/** What a container is to its pod: `sidecar` is an init container that goes on. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral'

export interface ContainerSpec {
  readonly name: string
  readonly role: ContainerRole
  /** As the pod has it. */
  readonly spec: JsonObject
}

/** One run of a container; a restart is another one. */
export interface ContainerRun {
  /** As the runtime calls it; empty where it could not even be created. */
  readonly id: string
  /** How often the container was started before. */
  readonly attempt: number
  readonly imageId: string
  readonly isRunning: boolean
  /** RFC 3339. */
  readonly startedAt?: string | undefined
  readonly finishedAt?: string | undefined
  readonly exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `StartError`; empty while it runs. */
  readonly reason: string
  /** What it left to be read, or why it could not be started. */
  readonly message: string
}

/** Why a container does not run yet, or not again. */
export interface Waiting {
  readonly reason: string
  readonly message: string
}

export interface ContainerFacts {
  readonly current?: ContainerRun | undefined
  readonly previous?: ContainerRun | undefined
  readonly waiting?: Waiting | undefined
  /** Of the current run. */
  readonly health?: ContainerHealth | undefined
  /** Not to be started before, milliseconds of `performance.now`. */
  readonly notBefore?: number | undefined
}

/** By name. */
export type PodFactsByContainer = ReadonlyMap<string, ContainerFacts>

/** All containers of a pod, in the order in which they start. */
export function containerSpecs(pod: KubeObject): ContainerSpec[] {
  const read = (field: string, roleOf: (spec: JsonObject) => ContainerRole): ContainerSpec[] =>
    listAt(pod, ['spec', field]).map((spec) => ({
      name: textAt(spec, ['name']) ?? '',
      role: roleOf(spec),
      spec,
    }))
  return [
    ...read('initContainers', ({ restartPolicy }) =>
      restartPolicy === 'Always' ? 'sidecar' : 'init',
    ),
    ...read('containers', () => 'main'),
    ...read('ephemeralContainers', () => 'ephemeral'),
  ]
}

export function restartPolicyOf(pod: KubeObject): 'Always' | 'OnFailure' | 'Never' {
  const policy = textAt(pod, ['spec', 'restartPolicy'])
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always'
}

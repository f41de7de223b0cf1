import { OperationError } from '../../native/error.ts'
import type { Container, Engine } from '../cli/engine.ts'
import { podLabel, roleLabel } from '../kube/pod-labels.ts'

// A pod is a container that holds namespaces, its infra container, and those that say by a label that they are of it. There
// is no record of pods beside those of containers: `kube play` and `pod create` make the same.

export interface Pod {
  /** Of its infra container. */
  readonly id: string
  readonly name: string
  readonly created: string
  /** The user's own. */
  readonly labels: Readonly<Record<string, string>>
  readonly infra: Container
  /** The others, oldest first. */
  readonly members: readonly Container[]
}

/** Kinds of namespaces that containers of a pod share, where it was not said (podman-pod-create(1)). */
export const defaultShares = ['ipc', 'net', 'uts'] as const
export type Share = (typeof defaultShares)[number] | 'pid'

/** Where a pod's infra container says what is shared. */
export const shareLabel = 'io.mycontainer.pod.share'

/** Pods, newest first. */
export async function listPods(engine: Engine): Promise<Pod[]> {
  const all = await engine.list({ all: true, size: false })
  return all.flatMap((infra) => {
    const { labels } = infra.record.resolved
    const name = labels[podLabel]
    if (name === undefined || labels[roleLabel] !== 'infra') return []
    const members = all.filter((one) => one !== infra && podOf(one) === name).toReversed()
    const { id, created } = infra.record
    return [{ id, name, created, labels: ownLabels(labels), infra, members }]
  })
}

/** Name of the pod that a container is of. */
export function podOf({ record }: Container): string | undefined {
  return record.resolved.labels[podLabel]
}

function ownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const ours: ReadonlySet<string> = new Set([podLabel, roleLabel, shareLabel])
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !ours.has(name)))
}

/**
 * The pod that a user means: by name, id, or unambiguous start of an id.
 *
 * @throws {OperationError} `NOT_FOUND`, or `INVALID_ARGUMENT` where an id fits several
 */
export async function requirePod(engine: Engine, reference: string): Promise<Pod> {
  const pods = await listPods(engine)
  const named = pods.find(({ name, id }) => name === reference || id === reference)
  if (named) return named
  const matches = pods.filter(({ id }) => reference !== '' && id.startsWith(reference))
  if (matches.length > 1)
    throw new OperationError('INVALID_ARGUMENT', `find the pod "${reference}"`, {
      matches: matches.length,
    })
  if (matches[0]) return matches[0]
  throw new OperationError(
    'NOT_FOUND',
    `no pod with name or ID ${reference} found: no such pod`,
    {},
    { hint: 'See "mycontainer pod ps"' },
  )
}

/** Whether a program of it runs, or will again. */
export function isLive({ state }: Container): boolean {
  return state.pid !== 0 || state.status === 'restarting'
}

/** One word for all containers of a pod, as podman has it. */
export function podStatus({ infra, members }: Pod): string {
  const states = [infra, ...members].map(({ state }) => state.status)
  const count = (status: string): number => states.filter((one) => one === status).length
  if (count('running') === states.length) return 'Running'
  if (count('paused') === states.length) return 'Paused'
  if (count('exited') === states.length) return 'Exited'
  if (count('running') + count('paused') > 0) return 'Degraded'
  return count('exited') > 0 ? 'Stopped' : 'Created'
}

/** What of a pod's namespaces its containers join. */
export function sharesOf({ infra }: Pod): readonly string[] {
  const text = infra.record.resolved.labels[shareLabel]
  if (text === undefined) return defaultShares
  return text.split(',').filter((word) => word !== '')
}

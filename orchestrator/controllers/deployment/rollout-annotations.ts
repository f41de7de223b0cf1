import { sameJson } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { rolloutLimits, wantedReplicas } from './deployment-facts.ts'

// What a Deployment writes on its ReplicaSets. `kubectl rollout history` and `undo` read it.

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const mostAnnotation = 'deployment.kubernetes.io/max-replicas'

/** What is the Deployment's own, and says nothing of the set. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  mostAnnotation,
  'deprecated.deployment.rollback.to',
])

const longestHistory = 2000

export function revisionOf({ metadata }: KubeObject): number {
  return Number.parseInt(metadata.annotations?.[revisionAnnotation] ?? '', 10) || 0
}

/** What the Deployment says of itself, like its change cause, and which revision the set now is. */
export function withRevision(
  set: KubeObject,
  deployment: KubeObject,
  revision: number,
): KubeObject {
  const current = set.metadata.annotations ?? {}
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !notCopied.has(name),
  )
  const annotations = { ...current, ...Object.fromEntries(copied) }
  const before = revisionOf(set)
  if (before < revision) {
    annotations[revisionAnnotation] = String(revision)
    if (before > 0) annotations[historyAnnotation] = longer(current[historyAnnotation], before)
  }
  return annotated(set, annotations)
}

/** The revisions that a set was before; the oldest are left out when there are too many. */
function longer(history: string | undefined, revision: number): string {
  const all = history ? [...history.split(','), String(revision)] : [String(revision)]
  while (all.length > 1 && all.join(',').length > longestHistory) all.shift()
  return all.join(',')
}

/** What a set was sized for: by this a change of the Deployment's size is told from a rollout. */
export function withSizes(set: KubeObject, deployment: KubeObject): KubeObject {
  const wanted = wantedReplicas(deployment)
  return annotated(set, {
    ...set.metadata.annotations,
    [desiredAnnotation]: String(wanted),
    [mostAnnotation]: String(wanted + rolloutLimits(deployment).surge),
  })
}

function annotated(set: KubeObject, annotations: Record<string, string>): KubeObject {
  if (sameJson(annotations, set.metadata.annotations ?? {})) return set
  return { ...set, metadata: { ...set.metadata, annotations } }
}

/** For how many replicas of the Deployment the set was last sized. */
export function desiredOf({ metadata }: KubeObject): number | undefined {
  return readCount(metadata.annotations?.[desiredAnnotation])
}

/** How many pods all sets together might have had then. */
export function mostOf({ metadata }: KubeObject): number | undefined {
  return readCount(metadata.annotations?.[mostAnnotation])
}

function readCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

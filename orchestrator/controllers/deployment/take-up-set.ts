import { numberAt, sameJson } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { isStatus } from '../writes/run-writes.ts'
import { statusWrite } from '../writes/write.ts'
import type { Write } from '../writes/write.ts'
import { findCondition, progressing, setCondition } from './deployment-conditions.ts'
import type { Conditions } from './deployment-conditions.ts'
import { progressDeadline } from './deployment-facts.ts'
import { scaleRemark, update } from './draft.ts'
import type { Draft } from './draft.ts'
import { isCollision, makeSet, refreshSet } from './new-set.ts'
import { newSetSize } from './rolling-sizes.ts'
import { revisionAnnotation, revisionOf } from './rollout-annotations.ts'

export interface SetSearch {
  /** Whatever set has that name in the namespace. */
  readonly setNamed: (name: string) => KubeObject | undefined
  readonly now: Date
}

/** Use the set of the template that is there, or make it. Without a set afterwards: its name was taken. */
export function requireNewSet(draft: Draft, { setNamed, now }: SetSearch): Draft {
  if (draft.newSet) return takeUpSet(draft, draft.newSet, now)
  const { deployment, oldSets, conditions } = draft
  const replicas = newSetSize(deployment, oldSets, undefined)
  const object = makeSet({ deployment, oldSets, replicas })
  const { name = '' } = object.metadata
  const there = setNamed(name)
  if (there && isCollision(there, deployment)) return countCollision(draft)
  const made = say(conditions, 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
  const remark = scaleRemark(deployment, object, 0, replicas)
  const write: Write = { verb: 'create', object, ...(replicas > 0 ? { done: remark } : {}) }
  return {
    ...draft,
    newSet: object,
    deployment: numbered(deployment, object),
    conditions: progressDeadline(deployment) === undefined ? conditions : made(now),
    writes: [...draft.writes, write],
    onFailure: (error) => {
      // Somebody was faster, or another has the name: the next look sees it.
      if (isStatus(error, 404, 409)) return []
      const message = `Failed to create new replica set "${name}": ${error.message}`
      const failed = say(conditions, 'False', 'ReplicaSetCreateError', message)(now)
      const status = { ...deployment.status, conditions: [...failed] }
      const about = { about: deployment, type: 'Warning', reason: 'ReplicaSetCreateError' } as const
      return [
        { verb: 'remark', remark: { ...about, message } },
        ...(sameJson(status, deployment.status) ? [] : [statusWrite(deployment, status)]),
      ]
    },
  }
}

function say(conditions: Conditions, status: string, reason: string, message: string) {
  return (now: Date): Conditions =>
    setCondition(conditions, { type: progressing, status, reason, message }, now)
}

/** The next look tries another name. */
function countCollision(draft: Draft): Draft {
  const collisions = numberAt(draft.deployment, ['status', 'collisionCount']) ?? 0
  const status = { ...draft.deployment.status, collisionCount: collisions + 1 }
  return { ...draft, deployment: { ...draft.deployment, status } }
}

/** Bring the set that was found up to date, and count the Deployment's revision by it. */
export function takeUpSet(draft: Draft, set: KubeObject, now: Date): Draft {
  const { deployment, oldSets, conditions } = draft
  const refreshed = refreshSet(set, deployment, oldSets)
  const found = say(
    conditions,
    'True',
    'FoundNewReplicaSet',
    `Found new replica set "${set.metadata.name}"`,
  )
  const isSilent =
    progressDeadline(deployment) === undefined || findCondition(conditions, progressing)
  return {
    ...draft,
    newSet: refreshed,
    deployment: numbered(deployment, refreshed),
    conditions: isSilent ? conditions : found(now),
    writes: refreshed === set ? draft.writes : [...draft.writes, update(refreshed)],
  }
}

/** The Deployment with the revision of its set. */
function numbered(deployment: KubeObject, set: KubeObject): KubeObject {
  const revision = String(revisionOf(set))
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return deployment
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: revision }
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

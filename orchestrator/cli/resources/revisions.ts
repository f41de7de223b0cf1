import { clone, isObject, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { revisionNumber, templateOf } from '../../controllers/revisions/revision.ts'
import { revisionOf } from '../../controllers/deployment/rollout-annotations.ts'
import { findResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'
import { listObjects } from './targets.ts'
import { selectorQuery } from './describe/related.ts'

/** What was rolled out once. */
export interface Revision {
  readonly number: number
  /** Who rolled it out by which command, where it is noted. */
  readonly cause: string
  readonly template: JsonObject
  /** The ReplicaSet or ControllerRevision. */
  readonly object: KubeObject
}

const causeAnnotation = 'kubernetes.io/change-cause'
const hashLabel = 'pod-template-hash'

/** Oldest first. @param doing for the message @throws CommandFailure for what has no history */
export async function findRevisions(
  session: Session,
  owner: KubeObject,
  doing: 'history' | 'rollbacker',
): Promise<Revision[]> {
  const { kind, metadata } = owner
  const isDeployment = kind === 'Deployment'
  if (!isDeployment && kind !== 'DaemonSet' && kind !== 'StatefulSet')
    throw new CommandFailure(
      `error retrieving ${doing} for "${kind}", no visitor method exists for {${groupOf(owner)} ${kind}}`,
    )
  const resources = await session.resources()
  const resource = findResource(
    resources,
    isDeployment ? 'replicasets.apps' : 'controllerrevisions.apps',
  )
  const labels = valueAt(owner, ['spec', 'selector', 'matchLabels'])
  const selector = isObject(labels) ? selectorQuery(labels) : undefined
  const all = await listObjects(
    { ...session, namespace: metadata.namespace ?? session.namespace },
    resource,
    selector === undefined ? {} : { selector },
  )
  return all
    .filter((each) => each.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    .map((object): Revision => {
      const template = isDeployment ? valueAt(object, ['spec', 'template']) : templateOf(object)
      return {
        number: isDeployment ? revisionOf(object) : revisionNumber(object),
        cause: object.metadata.annotations?.[causeAnnotation] ?? '<none>',
        template: isObject(template) ? template : {},
        object,
      }
    })
    .toSorted((a, b) => a.number - b.number)
}

/** A template without what its ReplicaSet was told apart by. */
export function withoutHash(template: JsonObject): JsonObject {
  const plain = clone(template)
  const labels = valueAt(plain, ['metadata', 'labels'])
  if (isObject(labels)) delete labels[hashLabel]
  return plain
}

function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

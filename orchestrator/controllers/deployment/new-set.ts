import { isObject, numberAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { controllerReference, isControlledBy } from '../objects/ownership.ts'
import { hasTemplateOf } from './deployment-facts.ts'
import { revisionOf, withRevision, withSizes } from './rollout-annotations.ts'
import { labelTemplate, templateHash, templateHashLabel } from './template-hash.ts'

export interface NewSetWanted {
  readonly deployment: KubeObject
  readonly oldSets: readonly KubeObject[]
  readonly replicas: number
}

/** One more than any old set has. */
export function nextRevision(oldSets: readonly KubeObject[]): number {
  return Math.max(0, ...oldSets.map(revisionOf)) + 1
}

/** The set of the Deployment's template that was there already, as it should be now. */
export function refreshSet(
  set: KubeObject,
  deployment: KubeObject,
  oldSets: readonly KubeObject[],
): KubeObject {
  const named = withRevision(set, deployment, nextRevision(oldSets))
  const minReady = numberAt(deployment, ['spec', 'minReadySeconds']) ?? 0
  if ((numberAt(set, ['spec', 'minReadySeconds']) ?? 0) === minReady) return named
  return { ...named, spec: { ...named.spec, minReadySeconds: minReady } }
}

export function makeSet({ deployment, oldSets, replicas }: NewSetWanted): KubeObject {
  const { name = '', namespace } = deployment.metadata
  const hash = hashFor(deployment)
  const template = labelTemplate(valueAt(deployment, ['spec', 'template']), hash)
  const minReadySeconds = numberAt(deployment, ['spec', 'minReadySeconds']) ?? 0
  const set: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: valueAt(template, ['metadata', 'labels']) as Record<string, string>,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: selectorWith(valueAt(deployment, ['spec', 'selector']), hash),
      template,
    },
  }
  return withSizes(withRevision(set, deployment, nextRevision(oldSets)), deployment)
}

/** Whether a set that has the name is another's, or of another template: then another name is needed. */
export function isCollision(there: KubeObject, deployment: KubeObject): boolean {
  return !isControlledBy(there, deployment) || !hasTemplateOf(there, deployment)
}

function hashFor(deployment: KubeObject): string {
  const collisions = numberAt(deployment, ['status', 'collisionCount'])
  return templateHash(valueAt(deployment, ['spec', 'template']), collisions)
}

function selectorWith(selector: unknown, hash: string): JsonObject {
  const { matchLabels, ...rest } = isObject(selector) ? selector : {}
  const labels = isObject(matchLabels) ? matchLabels : {}
  return { ...rest, matchLabels: { ...labels, [templateHashLabel]: hash } }
}

import { isObject, listAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import type { Kustomization } from './kustomization-file.ts'
import { groupOf, objectAt, podSpecOf, templateOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** `labels`, `commonLabels` and `commonAnnotations`. */
export function setLabels({ fields }: Kustomization, resources: readonly Resource[]): void {
  for (const wish of listAt(fields, ['labels'])) {
    const selects = wish['includeSelectors'] === true
    const isInTemplates = selects || wish['includeTemplates'] === true
    for (const { object } of resources) label(object, wish['pairs'], { selects, isInTemplates })
  }
  for (const { object } of resources) {
    label(object, fields['commonLabels'], { selects: true, isInTemplates: true })
    annotate(object, fields['commonAnnotations'])
  }
}

function label(
  object: KubeObject,
  labels: unknown,
  { selects, isInTemplates }: { readonly selects: boolean; readonly isInTemplates: boolean },
): void {
  if (!isObject(labels)) return
  const root = object as unknown as JsonObject
  Object.assign(objectAt(root, ['metadata', 'labels']), labels)
  const template = templateOf(object)
  if (isInTemplates && template) {
    Object.assign(objectAt(template, ['metadata', 'labels']), labels)
    if (object.kind === 'CronJob')
      Object.assign(objectAt(root, ['spec', 'jobTemplate', 'metadata', 'labels']), labels)
    for (const claim of listAt(object, ['spec', 'volumeClaimTemplates']))
      Object.assign(objectAt(claim, ['metadata', 'labels']), labels)
  }
  if (!selects) return
  for (const selector of ownSelectors(object, root)) Object.assign(selector, labels)
  for (const selector of otherSelectors(object)) Object.assign(selector, labels)
}

/** Those that are made where they are missing. */
function ownSelectors(object: KubeObject, root: JsonObject): JsonObject[] {
  if (object.kind === 'Service' && groupOf(object) === '')
    return isObject(object.spec) && object.spec['type'] !== 'ExternalName'
      ? [objectAt(root, ['spec', 'selector'])]
      : []
  if (object.kind === 'ReplicationController') return [objectAt(root, ['spec', 'selector'])]
  if (['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'].includes(object.kind))
    return [objectAt(root, ['spec', 'selector', 'matchLabels'])]
  return []
}

/** Those that have to be there to mean anything. */
function otherSelectors(object: KubeObject): JsonObject[] {
  const pod = podSpecOf(object)
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((field) => [
    ...listAt(pod, ['affinity', field, 'requiredDuringSchedulingIgnoredDuringExecution']),
    ...listAt(pod, ['affinity', field, 'preferredDuringSchedulingIgnoredDuringExecution']).flatMap(
      ({ podAffinityTerm }) => (isObject(podAffinityTerm) ? [podAffinityTerm] : []),
    ),
  ])
  const rules = [
    ...listAt(object, ['spec', 'ingress']).flatMap((rule) => listAt(rule, ['from'])),
    ...listAt(object, ['spec', 'egress']).flatMap((rule) => listAt(rule, ['to'])),
  ]
  const found = [
    ...terms.map((term) => valueAt(term, ['labelSelector', 'matchLabels'])),
    ...listAt(pod, ['topologySpreadConstraints']).map((one) =>
      valueAt(one, ['labelSelector', 'matchLabels']),
    ),
    ...(['Job', 'PodDisruptionBudget'].includes(object.kind)
      ? [valueAt(object, ['spec', 'selector', 'matchLabels'])]
      : []),
    ...(object.kind === 'NetworkPolicy'
      ? [
          valueAt(object, ['spec', 'podSelector', 'matchLabels']),
          ...rules.map((peer) => valueAt(peer, ['podSelector', 'matchLabels'])),
        ]
      : []),
  ]
  return found.filter(isObject)
}

function annotate(object: KubeObject, annotations: unknown): void {
  if (!isObject(annotations)) return
  const root = object as unknown as JsonObject
  Object.assign(objectAt(root, ['metadata', 'annotations']), annotations)
  const template = templateOf(object)
  if (!template) return
  Object.assign(objectAt(template, ['metadata', 'annotations']), annotations)
  if (object.kind === 'CronJob')
    Object.assign(objectAt(root, ['spec', 'jobTemplate', 'metadata', 'annotations']), annotations)
}

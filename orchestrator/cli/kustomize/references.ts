import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { containersOf, podSpecOf } from './resource.ts'

/** A field that names another object. */
export interface Reference {
  readonly kind: string
  readonly holder: JsonObject
  readonly field: string
  /** The field for the other one's namespace, where there is one. */
  readonly namespaceField?: string
}

/** Everything in an object that names another one by its kind. */
export function referencesOf(object: KubeObject): Reference[] {
  const pod = podSpecOf(object)
  return [...(pod ? ofPod(pod) : []), ...ofKind(object)]
}

function refer(kind: string, holder: unknown, field = 'name'): Reference[] {
  return textAt(holder, [field]) === undefined
    ? []
    : [{ kind, holder: holder as JsonObject, field }]
}

function ofPod(pod: JsonObject): Reference[] {
  const volumes = listAt(pod, ['volumes']).flatMap((volume) => [
    ...refer('ConfigMap', volume['configMap']),
    ...refer('Secret', volume['secret'], 'secretName'),
    ...refer('PersistentVolumeClaim', volume['persistentVolumeClaim'], 'claimName'),
    ...listAt(volume, ['projected', 'sources']).flatMap((source) => [
      ...refer('ConfigMap', source['configMap']),
      ...refer('Secret', source['secret']),
    ]),
  ])
  const containers = containersOf(pod).flatMap((container) => [
    ...listAt(container, ['env']).flatMap((variable) => [
      ...refer('ConfigMap', valueAt(variable, ['valueFrom', 'configMapKeyRef'])),
      ...refer('Secret', valueAt(variable, ['valueFrom', 'secretKeyRef'])),
    ]),
    ...listAt(container, ['envFrom']).flatMap((source) => [
      ...refer('ConfigMap', source['configMapRef']),
      ...refer('Secret', source['secretRef']),
    ]),
  ])
  return [
    ...volumes,
    ...containers,
    ...listAt(pod, ['imagePullSecrets']).flatMap((one) => refer('Secret', one)),
    ...refer('ServiceAccount', pod, 'serviceAccountName'),
    ...refer('PriorityClass', pod, 'priorityClassName'),
  ]
}

function ofKind(object: KubeObject): Reference[] {
  const { kind, spec } = object
  switch (kind) {
    case 'StatefulSet':
      return [
        ...refer('Service', spec, 'serviceName'),
        ...listAt(spec, ['volumeClaimTemplates']).flatMap((claim) =>
          refer('StorageClass', claim['spec'], 'storageClassName'),
        ),
      ]
    case 'Ingress':
      return ofIngress(object)
    case 'ServiceAccount':
      return [...listAt(object, ['secrets']), ...listAt(object, ['imagePullSecrets'])].flatMap(
        (one) => refer('Secret', one),
      )
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return [
        ...refer(textAt(object, ['roleRef', 'kind']) ?? '', object['roleRef']),
        ...listAt(object, ['subjects'])
          .filter((subject) => subject['kind'] === 'ServiceAccount')
          .flatMap((subject) => refer('ServiceAccount', subject))
          .map((reference) => ({ ...reference, namespaceField: 'namespace' })),
      ]
    case 'HorizontalPodAutoscaler': {
      const target = valueAt(spec, ['scaleTargetRef'])
      return refer(textAt(target, ['kind']) ?? '', target)
    }
    case 'PersistentVolumeClaim':
      return [
        ...refer('PersistentVolume', spec, 'volumeName'),
        ...refer('StorageClass', spec, 'storageClassName'),
      ]
    case 'PersistentVolume':
      return refer('StorageClass', spec, 'storageClassName')
    default:
      return []
  }
}

function ofIngress({ spec }: KubeObject): Reference[] {
  const backends = [
    valueAt(spec, ['defaultBackend', 'service']),
    ...listAt(spec, ['rules'])
      .flatMap((rule) => listAt(rule, ['http', 'paths']))
      .map((path) => valueAt(path, ['backend', 'service'])),
  ]
  return [
    ...backends.flatMap((backend) => refer('Service', backend)),
    ...listAt(spec, ['tls']).flatMap((one) => refer('Secret', one, 'secretName')),
    ...refer('IngressClass', spec, 'ingressClassName'),
  ]
}

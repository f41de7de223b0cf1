import { clone, isObject } from '../../api/object.ts'
import type { JsonObject, KubeObject, ObjectMeta } from '../../api/object.ts'
import { controllerReference } from './ownership.ts'

/** A pod as the template of its owner asks for it, controlled by the owner; named by the server unless the caller names it. */
export function podFromTemplate(
  owner: KubeObject,
  template: unknown,
): KubeObject & { spec: JsonObject } {
  const { metadata, spec } = isObject(template) ? clone(template) : {}
  const { labels, annotations, finalizers } = (metadata ?? {}) as ObjectMeta
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      labels: { ...labels },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: isObject(spec) ? spec : {},
  }
}

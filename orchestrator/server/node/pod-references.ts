import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { claimOfVolume } from '../../api/volumes/claims-of-pod.ts'

/** What the node of a pod must read for it: `secrets/NAMESPACE/NAME` and so on. Pure. */
export function podReferences(pod: KubeObject): Set<string> {
  const { metadata, spec } = pod
  const found = new Set<string>()
  const add = (resource: string, name: string | undefined) => {
    if (name) found.add(`${resource}/${metadata.namespace}/${name}`)
  }
  add('serviceaccounts', textAt(spec, ['serviceAccountName']))
  for (const one of listAt(spec, ['imagePullSecrets'])) add('secrets', textAt(one, ['name']))
  for (const volume of listAt(spec, ['volumes'])) {
    add('secrets', textAt(volume, ['secret', 'secretName']))
    add('configmaps', textAt(volume, ['configMap', 'name']))
    add('persistentvolumeclaims', claimOfVolume(pod, volume)?.claimName)
    for (const source of listAt(volume, ['projected', 'sources'])) {
      add('secrets', textAt(source, ['secret', 'name']))
      add('configmaps', textAt(source, ['configMap', 'name']))
    }
  }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
    for (const container of listAt(spec, [list])) {
      for (const source of listAt(container, ['envFrom'])) {
        add('secrets', textAt(source, ['secretRef', 'name']))
        add('configmaps', textAt(source, ['configMapRef', 'name']))
      }
      for (const variable of listAt(container, ['env'])) {
        add('secrets', textAt(variable, ['valueFrom', 'secretKeyRef', 'name']))
        add('configmaps', textAt(variable, ['valueFrom', 'configMapKeyRef', 'name']))
      }
    }
  return found
}

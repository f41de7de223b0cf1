import { valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { Informers } from '../client/informers.ts'
import { mapSelector } from './objects/label-selector.ts'
import { kinds } from './objects/kinds.ts'
import { keyOf } from './objects/ownership.ts'

export function selectedPods(informers: Informers, service: KubeObject): KubeObject[] {
  const selects = mapSelector(valueAt(service, ['spec', 'selector']))
  return informers
    .of(kinds.pod)
    .list(service.metadata.namespace ?? '')
    .filter(({ metadata }) => selects(metadata.labels))
}

/** Whether the controllers of endpoints have to do with it: it selects pods, and is not only another name. */
export function hasSelectedPods(service: KubeObject): boolean {
  const selector = valueAt(service, ['spec', 'selector'])
  return (
    typeof selector === 'object' &&
    selector !== null &&
    valueAt(service, ['spec', 'type']) !== 'ExternalName'
  )
}

/** Call back with the keys of services whose pods, or who themselves, changed. */
export function onServiceChange(informers: Informers, add: (key: string) => void): void {
  const services = informers.of(kinds.service)
  services.onChange((service) => add(keyOf(service)))
  informers.of(kinds.pod).onChange((pod, _isThere, previous) => {
    for (const service of services.list(pod.metadata.namespace ?? '')) {
      const selects = mapSelector(valueAt(service, ['spec', 'selector']))
      if (selects(pod.metadata.labels) || (previous && selects(previous.metadata.labels)))
        add(keyOf(service))
    }
  })
}

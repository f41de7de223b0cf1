import type { KubeObject } from '../api/object.ts'
import type { Informer } from '../client/informer.ts'
import { controllerOf, keyOf } from './objects/ownership.ts'
import { ownerSelector } from './objects/label-selector.ts'

export interface OwnedObjects {
  /** Those that an owner controls, and the orphans of its namespace that it might adopt. */
  candidates(owner: KubeObject): KubeObject[]
}

const index = 'controller or orphan'

/**
 * Call back with the keys of owners when an object of theirs changes; an orphan concerns all owners that select it.
 * @param kind of the owners, as references write it
 */
export function followOwned(
  owners: Informer,
  owned: Informer,
  kind: string,
  add: (key: string) => void,
): OwnedObjects {
  owned.addIndex(index, (object) => [
    controllerOf(object)?.uid ?? `orphan ${object.metadata.namespace}`,
  ])
  owned.onChange((object, isThere, previous) => {
    const names = new Set([
      controllerName(object, kind),
      previous && controllerName(previous, kind),
    ])
    for (const name of names)
      if (name) add(keyOf({ ...object, metadata: { ...object.metadata, name } }))
    if (!isThere || controllerOf(object)) return
    for (const owner of owners.list(object.metadata.namespace ?? ''))
      if (ownerSelector(owner)(object.metadata.labels)) add(keyOf(owner))
  })
  return {
    candidates: ({ metadata: { uid = '', namespace } }) => [
      ...owned.byIndex(index, uid),
      ...owned.byIndex(index, `orphan ${namespace}`),
    ],
  }
}

function controllerName(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object)
  return owner?.kind === kind ? owner.name : undefined
}

import { isInScope, usageOf } from '../../api/limits/quota-usage.ts'
import type { Usage } from '../../api/limits/quota-usage.ts'
import type { Kind } from '../../api/kind.ts'
import { isObject, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Store } from '../../store/store.ts'
import type { KindRegistry } from '../kind-registry.ts'
import { everything, listObjects } from '../list-objects.ts'

/** What a namespace uses now of everything that a quota limits. */
export async function countUsage(
  store: Store,
  registry: KindRegistry,
  quota: KubeObject,
): Promise<Usage> {
  const hard = valueAt(quota, ['spec', 'hard'])
  const names = isObject(hard) ? Object.keys(hard) : []
  const totals: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]))
  for (const kind of kindsOf(registry, names)) {
    const { namespace } = quota.metadata
    const { items } = await listObjects(store, kind, { ...everything, namespace })
    for (const object of items) {
      if (!isInScope(quota, kind, object)) continue
      for (const [name, amount] of Object.entries(usageOf(kind, object)))
        if (totals[name] !== undefined) totals[name] += amount
    }
  }
  return totals
}

const computeNames = /^(pods|cpu|memory|ephemeral-storage|requests\..*|limits\..*)$/

function kindsOf(registry: KindRegistry, names: readonly string[]): readonly Kind[] {
  const found = new Map<string, Kind>()
  const add = (group: string, plural: string) => {
    const kind = registry.all().find((one) => one.group === group && one.plural === plural)
    if (kind?.namespaced) found.set(kind.storage, kind)
  }
  for (const name of names) {
    const counted = /^count\/([^.]+)(?:\.(.+))?$/.exec(name)
    if (counted) add(counted[2] ?? '', counted[1]!)
    else if (name.includes('storage') && name !== 'ephemeral-storage')
      add('', 'persistentvolumeclaims')
    else if (computeNames.test(name)) add('', 'pods')
    else add('', name.split('.')[0]!)
  }
  return [...found.values()]
}

import type { Store } from '../store/store.ts'
import type { KindRegistry } from './kind-registry.ts'
import { keyPrefix } from './object-storage.ts'

/** `deployments.apps` → how many are stored. Kinds with none are left out. */
export async function countObjects(
  store: Store,
  registry: KindRegistry,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const seen = new Set<string>()
  for (const kind of registry.all()) {
    if (seen.has(kind.storage) || !kind.verbs.includes('list')) continue
    seen.add(kind.storage)
    const { entries, remaining } = await store.list(keyPrefix(kind), { limit: 1 })
    const count = entries.length + remaining
    if (count > 0)
      counts.set(kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`, count)
  }
  return counts
}

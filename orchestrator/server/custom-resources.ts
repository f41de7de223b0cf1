import { describeError } from '../../native/error.ts'
import { customKinds } from '../api/custom/custom-kinds.ts'
import type { CustomKind } from '../api/custom/custom-kinds.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { Schema } from '../api/schema.ts'
import type { Store } from '../store/store.ts'
import type { KindRegistry } from './kind-registry.ts'
import { keyPrefix, readObject } from './object-storage.ts'

/**
 * Serve the kinds of every CustomResourceDefinition, from the moment in which it is written: its writer hears of the
 * write after this does. With a definition go the objects of its kind.
 * @param schemas gets the schemas of the kinds
 */
export async function serveCustomResources(
  store: Store,
  registry: KindRegistry,
  schemas: Record<string, Schema>,
): Promise<{ stop(): void }> {
  const kind = registry.byKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!
  const known = new Map<string, readonly CustomKind[]>()

  function publish(): void {
    const all = [...known.values()].flat()
    for (const name of Object.keys(schemas)) if (name.startsWith('custom.')) delete schemas[name]
    for (const { kind: custom, schema } of all) schemas[custom.definition] = schema
    registry.setCustom(all.map((one) => one.kind))
  }

  function learn(object: KubeObject): void {
    const name = object.metadata.name ?? ''
    if (object.metadata.deletionTimestamp === undefined) known.set(name, customKinds(object))
    else known.delete(name)
  }

  const start = await store.list(keyPrefix(kind))
  const watch = await store.watch(keyPrefix(kind), start.revision, {
    onEvents: (events) => {
      for (const { type, value, revision } of events) {
        const object = readObject(kind, value, revision)
        if (type === 'put') learn(object)
        else {
          const gone = customKinds(object)[0]?.kind
          known.delete(object.metadata.name ?? '')
          if (gone) void removeAll(store, gone)
        }
      }
      publish()
    },
  })
  for (const { value, revision } of start.entries) learn(readObject(kind, value, revision))
  publish()
  return { stop: () => watch.stop() }
}

async function removeAll(store: Store, kind: Kind): Promise<void> {
  try {
    const { entries } = await store.list(keyPrefix(kind))
    await Promise.all(entries.map(({ key, revision }) => store.delete(key, revision)))
  } catch (error) {
    process.stderr.write(
      `remove the objects of ${kind.plural}.${kind.group}: ${describeError(error)}\n`,
    )
  }
}

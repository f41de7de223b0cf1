import type { KubeObject } from '../../api/object.ts'
import { makeInformer } from '../../client/informer.ts'
import type { ChangeListener, Informer } from '../../client/informer.ts'
import { builtInPathKind } from '../../client/resource-path.ts'
import type { ControllerContext } from '../controller.ts'
import { groupKind, listCollectableKinds } from './collectable-kinds.ts'
import type { CollectableKind } from './collectable-kinds.ts'

export interface FollowedKinds {
  /** By group and kind. */
  get(groupAndKind: string): CollectableKind | undefined
  /** Read the server's discovery again: kinds come and go. */
  refresh(): Promise<void>
  stop(): void
}

/** Hear of every change of every kind that there is. */
export function followKinds(context: ControllerContext, onChange: ChangeListener): FollowedKinds {
  const kinds = new Map<string, CollectableKind>()
  // Kinds that somebody defined are followed only here, and end with their definition.
  const defined = new Map<string, Informer>()
  let isStopped = false

  async function begin(key: string, kind: CollectableKind): Promise<void> {
    kinds.set(key, kind)
    const isBuiltIn = builtInPathKind(kind) !== undefined
    const informer = isBuiltIn
      ? context.informers.of(kind)
      : makeInformer(context.client, kind, {}, { onProblem: context.onProblem })
    if (!isBuiltIn) defined.set(key, informer)
    informer.onChange(onChange)
    await informer.synced
  }

  function end(key: string): void {
    kinds.delete(key)
    const informer = defined.get(key)
    informer?.stop()
    defined.delete(key)
    for (const object of informer?.list() ?? []) onChange(object, false, object)
  }

  return {
    get: (key) => kinds.get(key),
    refresh: async () => {
      const found = new Map(
        (await listCollectableKinds(context.client)).map((kind) => [groupKind(kind), kind]),
      )
      if (isStopped) return
      for (const key of kinds.keys()) if (!found.has(key)) end(key)
      const added = [...found].filter(([key]) => !kinds.has(key))
      await Promise.all(added.map(([key, kind]) => begin(key, kind)))
    },
    stop: () => {
      isStopped = true
      for (const informer of defined.values()) informer.stop()
    },
  }
}

/** Whether what garbage collection goes by is as it was. */
export function concernsCollection(object: KubeObject, previous: KubeObject | undefined): boolean {
  if (!previous) return true
  const facts = ({ metadata }: KubeObject): string =>
    JSON.stringify([metadata.ownerReferences, metadata.finalizers, metadata.deletionTimestamp])
  return facts(object) !== facts(previous)
}

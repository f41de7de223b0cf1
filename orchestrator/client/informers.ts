import type { Client, KindName } from './client.ts'
import { makeInformer } from './informer.ts'
import type { Informer, InformerOptions } from './informer.ts'

/** One informer a kind for all who need it: a change is read once, whoever listens. */
export interface Informers {
  of(kind: KindName): Informer
  /** Fulfilled when all that were asked for so far have their first list. */
  synced(): Promise<void>
  stop(): void
}

export function makeInformers(client: Client, options?: InformerOptions): Informers {
  const informers = new Map<string, Informer>()
  return {
    of: (kind) => {
      const key = `${kind.apiVersion} ${kind.kind}`
      const informer = informers.get(key) ?? makeInformer(client, kind, {}, options)
      informers.set(key, informer)
      return informer
    },
    synced: async () => {
      await Promise.all([...informers.values()].map((informer) => informer.synced))
    },
    stop: () => {
      for (const informer of informers.values()) informer.stop()
    },
  }
}

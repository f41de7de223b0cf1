import type { KubeObject } from '../../api/object.ts'
import { selectedNode } from '../../api/volumes/names.ts'
import { isFullyBound } from '../../api/volumes/volume-match.ts'
import type { ClusterVolumes } from '../cluster-volumes.ts'

/** Claims, volumes and classes, kept up to date change by change. */
export interface VolumeCache extends ClusterVolumes {
  set(object: KubeObject): void
  remove(object: KubeObject): void
  /** Fulfilled when these claims have their volumes. @throws Error when that takes too long, a claim goes, or its node is taken back */
  untilBound(claimKeys: readonly string[]): Promise<void>
  /** Nobody waits any more. */
  stop(): void
}

/** Milliseconds; as upstream's `bindTimeoutSeconds`. */
const patience = 600_000

interface Waiter {
  readonly keys: readonly string[]
  readonly done: (error?: Error) => void
}

export function makeVolumeCache(): VolumeCache {
  const claims = new Map<string, KubeObject>()
  const volumes = new Map<string, KubeObject>()
  const classes = new Map<string, KubeObject>()
  const nodes = new Map<string, string>()
  const promised = new Map<string, string>()
  const waiters = new Set<Waiter>()
  const mapOf = ({ kind }: KubeObject): Map<string, KubeObject> =>
    kind === 'StorageClass' ? classes : kind === 'PersistentVolume' ? volumes : claims
  const look = (waiter: Waiter): void => {
    const states = waiter.keys.map((key) => stateOf(key, claims.get(key)))
    const failed = states.find((state) => state !== 'bound' && state !== 'waiting')
    if (failed !== undefined) waiter.done(new Error(failed))
    else if (states.every((state) => state === 'bound')) waiter.done()
  }
  const changed = (object: KubeObject): void => {
    if (object.kind === 'PersistentVolumeClaim') for (const waiter of waiters) look(waiter)
  }
  return {
    claim: (key) => claims.get(key),
    volume: (name) => volumes.get(name),
    volumes: () => [...volumes.values()],
    storageClass: (name) => classes.get(name),
    nodeOf: (key) => claims.get(key)?.metadata.annotations?.[selectedNode] ?? nodes.get(key),
    promisedTo: (volume) => promised.get(volume),
    promise: (key, to) => {
      if ('node' in to) nodes.set(key, to.node)
      else promised.set(to.volume, key)
      return () => {
        if ('node' in to) nodes.delete(key)
        else promised.delete(to.volume)
      }
    },
    set: (object) => {
      mapOf(object).set(keyOf(object), object)
      changed(object)
    },
    remove: (object) => {
      mapOf(object).delete(keyOf(object))
      changed(object)
    },
    untilBound: async (keys) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter: Waiter = { keys, done: (error) => (error ? reject(error) : resolve()) }
      const timer = setTimeout(
        () => waiter.done(new Error('timed out waiting for the condition')),
        patience,
      )
      timer.unref()
      waiters.add(waiter)
      look(waiter)
      try {
        await promise
      } finally {
        clearTimeout(timer)
        waiters.delete(waiter)
      }
    },
    stop: () => {
      for (const { done } of waiters) done(new Error('the scheduler ends'))
    },
  }
}

function keyOf({ metadata: { namespace, name = '' } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** `bound`, `waiting`, or what has gone wrong. */
function stateOf(key: string, claim: KubeObject | undefined): string {
  if (!claim) return `persistentvolumeclaim "${key}" not found`
  if (isFullyBound(claim)) return 'bound'
  if (claim.metadata.deletionTimestamp !== undefined)
    return `persistentvolumeclaim "${key}" is being deleted`
  return 'waiting'
}

import { isObject, numberAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { makeLabelMatch, matchesLabels, readLabelSelector } from '../label-match.ts'
import type { LabelMatch, Labels } from '../label-match.ts'
import type { PodInfo } from '../pod-info.ts'
import type { DisruptionBudget, SnapshotParts } from '../snapshot.ts'
import { makeVolumeCache } from './volume-cache.ts'
import type { VolumeCache } from './volume-cache.ts'

/** What decisions depend on besides nodes and pods: namespaces, services, owners, budgets. */
export interface Surroundings {
  setNamespace(object: KubeObject): void
  removeNamespace(name: string): void
  /** A Service, ReplicaSet, ReplicationController or StatefulSet: who selects the same pods as siblings. */
  setSelector(object: KubeObject): void
  removeSelector(object: KubeObject): void
  setBudget(object: KubeObject): void
  removeBudget(object: KubeObject): void
  readonly volumes: VolumeCache
  parts(): SnapshotParts
}

export function makeSurroundings(): Surroundings {
  let namespaceLabels: ReadonlyMap<string, Labels> = new Map()
  let budgets: readonly DisruptionBudget[] | undefined
  const volumes = makeVolumeCache()
  const budgetsByUid = new Map<string, DisruptionBudget>()
  const services = new Map<string, Map<string, LabelMatch>>()
  const owners = new Map<string, LabelMatch>()

  const siblingsOf = (pod: PodInfo): LabelMatch | undefined => {
    const found = [...(services.get(pod.namespace)?.values() ?? [])].filter((selector) =>
      matchesLabels(pod.labels, selector),
    )
    const owner = pod.ownerUid === undefined ? undefined : owners.get(pod.ownerUid)
    if (owner) found.push(owner)
    const requirements = found.flatMap((selector) => selector.requirements)
    if (requirements.length === 0) return undefined
    return found.length === 1 ? found[0] : makeLabelMatch(requirements)
  }
  return {
    volumes,
    setNamespace: ({ metadata: { name = '', labels = {} } }) => {
      namespaceLabels = new Map([...namespaceLabels, [name, labels]])
    },
    removeNamespace: (name) => {
      namespaceLabels = new Map([...namespaceLabels].filter(([key]) => key !== name))
    },
    setSelector: (object) => {
      const { namespace = '', uid = '' } = object.metadata
      const selector = readSelector(object)
      if (object.kind !== 'Service') {
        if (selector) owners.set(uid, selector)
        return
      }
      const own = services.get(namespace) ?? new Map<string, LabelMatch>()
      services.set(namespace, own)
      if (selector) own.set(uid, selector)
      else own.delete(uid)
    },
    removeSelector: ({ metadata: { namespace = '', uid = '' } }) => {
      services.get(namespace)?.delete(uid)
      owners.delete(uid)
    },
    setBudget: (object) => {
      budgetsByUid.set(object.metadata.uid ?? '', readBudget(object))
      budgets = undefined
    },
    removeBudget: ({ metadata: { uid = '' } }) => {
      budgetsByUid.delete(uid)
      budgets = undefined
    },
    parts: () => ({
      namespaceLabels,
      siblingsOf,
      volumes,
      budgets: (budgets ??= [...budgetsByUid.values()]),
    }),
  }
}

/** Services and ReplicationControllers have a plain map of labels. @returns undefined for one that selects nothing */
function readSelector({ kind, spec }: KubeObject): LabelMatch | undefined {
  const selector = spec?.['selector']
  const isPlain = kind === 'Service' || kind === 'ReplicationController'
  const read = readLabelSelector(
    isPlain && isObject(selector) ? { matchLabels: selector } : selector,
  )
  return read && read.requirements.length > 0 ? read : undefined
}

function readBudget(object: KubeObject): DisruptionBudget {
  const disrupted = valueAt(object, ['status', 'disruptedPods'])
  return {
    namespace: object.metadata.namespace ?? '',
    selector: readLabelSelector(object.spec?.['selector']),
    allowed: numberAt(object, ['status', 'disruptionsAllowed']) ?? 0,
    disrupted: new Set(isObject(disrupted) ? Object.keys(disrupted) : []),
  }
}

import { isObject, listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import type { LabelRequirement } from '../api/selectors.ts'
import { makeLabelMatch, readLabelSelector } from './label-match.ts'
import type { LabelMatch, Labels } from './label-match.ts'
import { readNodeTerm } from './node-term.ts'
import type { NodeTerm } from './node-term.ts'

// The parts of a pod that speak of other pods, read once per version of the pod.

/** A term of podAffinity or podAntiAffinity. */
export interface PodTerm {
  readonly topologyKey: string
  readonly selector: LabelMatch | undefined
  /** Where the other pods may be. */
  readonly namespaces: ReadonlySet<string>
  /** Namespaces by their labels, besides those that are named. */
  readonly namespaceSelector: LabelMatch | undefined
  /** By which equal terms are known. */
  readonly key: string
  /** Zero for required terms. */
  readonly weight: number
}

export interface PodTerms {
  readonly required: readonly PodTerm[]
  readonly preferred: readonly PodTerm[]
}

const none: PodTerms = { required: [], preferred: [] }

export function readPodTerms(pod: KubeObject, field: 'podAffinity' | 'podAntiAffinity'): PodTerms {
  const terms = valueAt(pod.spec, ['affinity', field])
  if (!isObject(terms)) return none
  return {
    required: listAt(terms, ['requiredDuringSchedulingIgnoredDuringExecution']).map((term) =>
      readTerm(pod, term, 0),
    ),
    preferred: listAt(terms, ['preferredDuringSchedulingIgnoredDuringExecution']).flatMap(
      (entry) => {
        const term = entry['podAffinityTerm']
        return isObject(term) ? [readTerm(pod, term, numberAt(entry, ['weight']) ?? 0)] : []
      },
    ),
  }
}

function readTerm(pod: KubeObject, term: JsonObject, weight: number): PodTerm {
  const named = valueAt(term, ['namespaces'])
  const namespaceSelector = readLabelSelector(term['namespaceSelector'])
  const listed = Array.isArray(named) ? named.map(String) : []
  const own = listed.length === 0 && !namespaceSelector ? [pod.metadata.namespace ?? ''] : []
  const namespaces = new Set([...listed, ...own])
  const selector = withLabelKeys(readLabelSelector(term['labelSelector']), pod.metadata.labels, {
    same: textsAt(term, 'matchLabelKeys'),
    other: textsAt(term, 'mismatchLabelKeys'),
  })
  const topologyKey = textAt(term, ['topologyKey']) ?? ''
  const key = `${selector?.key}|${[...namespaces].join(',')}|${namespaceSelector?.key}`
  return { topologyKey, selector, namespaces, namespaceSelector, key, weight }
}

function textsAt(value: JsonObject, field: string): string[] {
  const list = value[field]
  return Array.isArray(list) ? list.map(String) : []
}

/** `matchLabelKeys`: like the pod's own value of these labels. */
export function withLabelKeys(
  selector: LabelMatch | undefined,
  labels: Labels | undefined,
  keys: { readonly same: readonly string[]; readonly other?: readonly string[] },
): LabelMatch | undefined {
  if (!selector) return undefined
  const more = (names: readonly string[], operator: LabelRequirement['operator']) =>
    names
      .filter((name) => labels?.[name] !== undefined)
      .map((key) => ({ key, operator, values: [labels![key]!] }))
  const added = [...more(keys.same, 'In'), ...more(keys.other ?? [], 'NotIn')]
  return added.length === 0 ? selector : makeLabelMatch([...selector.requirements, ...added])
}

/** A constraint of topologySpreadConstraints. */
export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly isRequired: boolean
  readonly selector: LabelMatch
  /** Count only nodes that the pod's node affinity allows. */
  readonly honorsAffinity: boolean
  /** Count only nodes whose taints the pod tolerates. */
  readonly honorsTaints: boolean
}

export function readSpreadConstraints(pod: KubeObject): SpreadConstraint[] {
  return listAt(pod.spec, ['topologySpreadConstraints']).map((constraint) => ({
    topologyKey: textAt(constraint, ['topologyKey']) ?? '',
    maxSkew: numberAt(constraint, ['maxSkew']) ?? 1,
    minDomains: numberAt(constraint, ['minDomains']) ?? 1,
    isRequired: constraint['whenUnsatisfiable'] !== 'ScheduleAnyway',
    selector:
      withLabelKeys(readLabelSelector(constraint['labelSelector']), pod.metadata.labels, {
        same: textsAt(constraint, 'matchLabelKeys'),
      }) ?? matchesNothing,
    honorsAffinity: constraint['nodeAffinityPolicy'] !== 'Ignore',
    honorsTaints: constraint['nodeTaintsPolicy'] === 'Honor',
  }))
}

const matchesNothing = makeLabelMatch([{ key: 'nothing', operator: 'In', values: [] }])

export interface NodeWish {
  /** Labels of `nodeSelector`, all of them. */
  readonly selector: LabelMatch | undefined
  /** One of them must hold; absent: no required affinity. */
  readonly required: readonly NodeTerm[] | undefined
  readonly preferred: readonly { readonly term: NodeTerm; readonly weight: number }[]
}

export function readNodeWish(spec: JsonObject): NodeWish {
  const nodeSelector = spec['nodeSelector']
  const affinity = valueAt(spec, ['affinity', 'nodeAffinity'])
  const required = valueAt(affinity, ['requiredDuringSchedulingIgnoredDuringExecution'])
  const preferred = listAt(affinity, ['preferredDuringSchedulingIgnoredDuringExecution'])
  return {
    selector: isObject(nodeSelector) ? readLabelSelector({ matchLabels: nodeSelector }) : undefined,
    required: isObject(required)
      ? listAt(required, ['nodeSelectorTerms']).map(readNodeTerm)
      : undefined,
    preferred: preferred.map((entry) => ({
      term: readNodeTerm(entry['preference']),
      weight: numberAt(entry, ['weight']) ?? 0,
    })),
  }
}

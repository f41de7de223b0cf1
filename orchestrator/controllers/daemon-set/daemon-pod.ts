import { isObject, listAt, plainText, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { podFromTemplate } from '../objects/pod-from-template.ts'
import { revisionHashLabel } from '../revisions/revision.ts'

const generationAnnotation = 'deprecated.daemonset.template.generation'

/** What a daemon bears that other pods do not: it has to be there when a node is in trouble. */
const tolerated = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
] as const

const required = 'requiredDuringSchedulingIgnoredDuringExecution'

/** A pod of the set as its template is now, for no node yet. */
export function daemonPod(set: KubeObject, hash: string): KubeObject & { spec: JsonObject } {
  const pod = podFromTemplate(set, valueAt(set, ['spec', 'template']))
  const generation = set.metadata.annotations?.[generationAnnotation]
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [revisionHashLabel]: hash,
    ...(generation === undefined ? {} : { 'pod-template-generation': generation }),
  }
  pod.spec['tolerations'] = [...listAt(pod.spec, ['tolerations']), ...addedTolerations(pod.spec)]
  return pod
}

function addedTolerations(spec: JsonObject): JsonObject[] {
  const present = listAt(spec, ['tolerations'])
  const all = [
    ...tolerated,
    ...(spec['hostNetwork'] === true ? [['network-unavailable', 'NoSchedule'] as const] : []),
  ]
  return all
    .map(([name, effect]) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect }))
    .filter(
      ({ key, effect }) => !present.some((one) => one['key'] === key && one['effect'] === effect),
    )
}

/** The pod for one node: the scheduler places it, and can place it nowhere else. */
export function pinToNode(pod: KubeObject & { spec: JsonObject }, node: string): KubeObject {
  const affinity = isObject(pod.spec['affinity']) ? pod.spec['affinity'] : {}
  const nodeAffinity = isObject(affinity['nodeAffinity']) ? affinity['nodeAffinity'] : {}
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }
  const pinned = { ...nodeAffinity, [required]: { nodeSelectorTerms: [term] } }
  return { ...pod, spec: { ...pod.spec, affinity: { ...affinity, nodeAffinity: pinned } } }
}

/** The node that a daemon's pod is for, also before the scheduler placed it. */
export function targetNode(pod: KubeObject): string | undefined {
  const placed = textAt(pod, ['spec', 'nodeName'])
  if (placed) return placed
  const terms = listAt(pod, ['spec', 'affinity', 'nodeAffinity', required, 'nodeSelectorTerms'])
  const field = terms
    .flatMap((term) => listAt(term, ['matchFields']))
    .find(({ key }) => key === 'metadata.name')
  const name = valueAt(field, ['values', 0])
  return name === undefined ? undefined : plainText(name)
}

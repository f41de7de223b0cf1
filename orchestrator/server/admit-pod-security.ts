import type { Kind } from '../api/kind.ts'
import { isObject, listAt, sameJson, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import {
  describeViolations,
  findViolations,
  isStricter,
  readPolicy,
  standardText,
} from '../api/pod-security/standards.ts'
import type { PodSecurityPolicy, Standard } from '../api/pod-security/standards.ts'
import { forbidden, invalid } from '../api/status-error.ts'
import type { Admission, AdmissionRequest } from './admission.ts'

// Holds pods to the standard that their namespace asks for, and tells who writes a template that its pods will not.

const templates: Readonly<Record<string, readonly string[]>> = {
  '/podtemplates': ['template'],
  '/replicationcontrollers': ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'batch/jobs': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
}

export interface PodSecurityCluster {
  readonly readNamespace: (name: string) => Promise<KubeObject>
  readonly listPods: (namespace: string) => Promise<readonly KubeObject[]>
}

export function makePodSecurityAdmission(cluster: PodSecurityCluster): Admission {
  return async (request) => {
    const { operation, kind, object, current, subresource } = request
    if (operation === 'DELETE') return
    const resource = `${kind.group}/${kind.plural}`
    if (resource === '/namespaces' && subresource === undefined)
      return admitNamespace(cluster, request)
    const isPod = resource === '/pods'
    const path = isPod ? [] : templates[resource]
    if (!path || (subresource !== undefined && !(isPod && subresource === 'ephemeralcontainers')))
      return
    if (isPod && current && !changesContainers(object, current)) return
    const { metadata } = await cluster.readNamespace(object.metadata.namespace ?? '')
    const { policy, errors } = readPolicy(metadata.labels)
    if (errors.length > 0)
      annotate(
        request,
        'error',
        `Failed to parse policy: ${errors.map(({ field }) => field).join()}`,
      )
    const pod = path.length === 0 ? object : valueAt(object, path)
    const spec = valueAt(pod, ['spec'])
    if (!isObject(spec)) return
    const annotations = valueAt(pod, ['metadata', 'annotations'])
    const marks = isObject(annotations) ? (annotations as Record<string, string>) : {}
    judge(
      request,
      policy,
      (standard) => describeViolations(findViolations(standard, spec, marks)),
      isPod,
    )
  }
}

function judge(
  request: AdmissionRequest,
  { enforce, audit, warn }: PodSecurityPolicy,
  violationsOf: (standard: Standard) => string,
  isPod: boolean,
): void {
  const recorded = violationsOf(audit)
  if (recorded !== '')
    annotate(request, 'audit-violations', `would violate PodSecurity ${name(audit)}: ${recorded}`)
  if (isPod) {
    annotate(request, 'enforce-policy', standardText(enforce))
    const faults = violationsOf(enforce)
    if (faults !== '') throw refusal(request, `violates PodSecurity ${name(enforce)}: ${faults}`)
  }
  const told = violationsOf(warn)
  if (told !== '') request.warn?.(`would violate PodSecurity ${name(warn)}: ${told}`)
}

function refusal({ kind, object }: { kind: Kind; object: KubeObject }, why: string) {
  return forbidden(kind, object.metadata.name ?? '', why)
}

function name(standard: Standard): string {
  return JSON.stringify(standardText(standard))
}

function annotate(request: AdmissionRequest, key: string, value: string): void {
  request.annotate?.(`pod-security.kubernetes.io/${key}`, value)
}

/** Of a pod that is there only images change, and containers for looking into it come. */
function changesContainers(pod: KubeObject, before: KubeObject): boolean {
  const images = (one: KubeObject) =>
    ['containers', 'initContainers', 'ephemeralContainers'].map((list) =>
      listAt(one, ['spec', list]).map(
        ({ name: container, image }) => [container, image] as JsonObject[string],
      ),
    )
  return !sameJson(images(pod), images(before))
}

/** Labels must be readable; who enforces more is told which pods there are would not be let in. */
async function admitNamespace(
  { listPods }: PodSecurityCluster,
  { kind, object, current, warn }: AdmissionRequest,
): Promise<void> {
  const { policy, errors } = readPolicy(object.metadata.labels)
  const before = readPolicy(current?.metadata.labels)
  const isOldFault = current !== undefined && sameJson(errors, before.errors)
  if (errors.length > 0 && !isOldFault) throw invalid(kind, object.metadata.name ?? '', errors)
  const wanted = policy.enforce
  const had = before.policy.enforce
  const isSame = wanted.version === had.version && !isStricter(wanted, had)
  if (!current || !warn || wanted.level === 'privileged' || isSame) return
  const namespace = object.metadata.name ?? ''
  const lines = podWarnings(await listPods(namespace), wanted)
  if (lines.length === 0) return
  const what = `existing pods in namespace ${JSON.stringify(namespace)}`
  warn(`${what} violate the new PodSecurity enforce level ${name(wanted)}`)
  for (const line of lines) warn(line)
}

/** A line for each set of reasons, with the first pod of which they are so. */
function podWarnings(pods: readonly KubeObject[], standard: Standard): string[] {
  const byReasons = new Map<string, string[]>()
  for (const { metadata, spec = {} } of pods) {
    const reasons = findViolations(standard, spec, metadata.annotations)
      .map(({ reason }) => reason)
      .join(', ')
    if (reasons === '') continue
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), metadata.name ?? ''])
  }
  return [...byReasons]
    .map(([reasons, pods]) => {
      const [first = '', ...others] = pods.toSorted()
      const count = others.length
      const more = count === 0 ? '' : ` (and ${count} other ${count === 1 ? 'pod' : 'pods'})`
      return `${first}${more}: ${reasons}`
    })
    .toSorted()
}

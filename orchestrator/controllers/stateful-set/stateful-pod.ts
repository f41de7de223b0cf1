import { isObject, listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { controllerReference } from '../objects/ownership.ts'
import { podFromTemplate } from '../objects/pod-from-template.ts'
import { revisionHashLabel, templateOf } from '../revisions/revision.ts'
import type { Write } from '../writes/write.ts'

// A pod of a StatefulSet is somebody: the same name, host name and claims each time it is made.

export function firstOrdinal(set: KubeObject): number {
  return numberAt(set, ['spec', 'ordinals', 'start']) ?? 0
}

/** The number of a pod of the set; undefined for what is not named as one. */
export function ordinalOf(set: KubeObject, pod: KubeObject): number | undefined {
  const prefix = `${set.metadata.name}-`
  const { name = '' } = pod.metadata
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : ''
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined
}

export function makeStatefulPod(
  set: KubeObject,
  ordinal: number,
  revision: KubeObject,
): KubeObject {
  const pod = podFromTemplate(set, templateOf(revision))
  const name = `${set.metadata.name}-${ordinal}`
  delete pod.metadata.generateName
  pod.metadata.name = name
  pod.metadata.labels = {
    ...pod.metadata.labels,
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': `${ordinal}`,
    [revisionHashLabel]: revision.metadata.name ?? '',
  }
  pod.spec['hostname'] = name
  const subdomain = textAt(set, ['spec', 'serviceName'])
  if (subdomain) pod.spec['subdomain'] = subdomain
  const claims = claimTemplates(set).map((template) => ({
    name: templateName(template),
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }))
  const others = listAt(pod.spec, ['volumes']).filter(
    (volume) => !claims.some((claim) => claim.name === volume['name']),
  )
  if (claims.length + others.length > 0) pod.spec['volumes'] = [...others, ...claims]
  return pod
}

function claimTemplates(set: KubeObject): JsonObject[] {
  return listAt(set, ['spec', 'volumeClaimTemplates'])
}

function templateName(template: JsonObject): string {
  return textAt(template, ['metadata', 'name']) ?? ''
}

function claimName(set: KubeObject, template: JsonObject, ordinal: number): string {
  return `${templateName(template)}-${set.metadata.name}-${ordinal}`
}

export function claimNames(set: KubeObject, ordinal: number): string[] {
  return claimTemplates(set).map((template) => claimName(set, template, ordinal))
}

/** The claims of a pod that are not there yet. */
export function missingClaims(
  set: KubeObject,
  ordinal: number,
  exists: (name: string) => boolean,
): Write[] {
  const pod = `${set.metadata.name}-${ordinal}`
  return claimTemplates(set)
    .filter((template) => !exists(claimName(set, template, ordinal)))
    .map((template) => {
      const object = makeClaim(set, template, ordinal)
      const what = `create Claim ${object.metadata.name} Pod ${pod} in StatefulSet ${set.metadata.name}`
      return {
        verb: 'create',
        object,
        ...remarks(set, 'Create', what, 'success', 'failed error: '),
      }
    })
}

function makeClaim(set: KubeObject, template: JsonObject, ordinal: number): KubeObject {
  const { namespace } = set.metadata
  const selected = valueAt(set, ['spec', 'selector', 'matchLabels'])
  const labels = {
    ...(valueAt(template, ['metadata', 'labels']) as Record<string, string> | undefined),
    ...(selected as Record<string, string> | undefined),
  }
  const goes =
    textAt(set, ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted']) === 'Delete'
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, template, ordinal),
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ...(goes ? { ownerReferences: [controllerReference(set)] } : {}),
    },
    spec: isObject(template['spec']) ? template['spec'] : {},
  }
}

/** What is said of a write for a set. */
export function remarks(
  about: KubeObject,
  verb: 'Create' | 'Delete',
  what: string,
  done: string,
  failed: string,
): Pick<Extract<Write, { verb: 'create' }>, 'done' | 'failed'> {
  return {
    done: { about, type: 'Normal', reason: `Successful${verb}`, message: `${what} ${done}` },
    failed: { about, type: 'Warning', reason: `Failed${verb}`, message: `${what} ${failed}` },
  }
}

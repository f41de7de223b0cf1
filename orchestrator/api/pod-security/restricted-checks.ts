import { listAt } from '../object.ts'
import type { JsonObject } from '../object.ts'
import { addedBeyond, isBadSeccomp, seccompProfile as baselineSeccomp } from './baseline-checks.ts'
import {
  containersOf,
  counted,
  isWindows,
  names,
  plural,
  quoted,
  securityField,
  setters,
  sorted,
} from './check.ts'
import type { Check } from './check.ts'

// What the restricted standard asks for besides the baseline: what a hardened pod has.

const allowPrivilegeEscalation: Check = {
  since: 8,
  check: (pod) => {
    if (isWindows(pod)) return undefined
    const bad = containersOf(pod.spec).filter(
      (one) => securityField(one, 'allowPrivilegeEscalation') !== false,
    )
    if (bad.length === 0) return undefined
    return {
      reason: 'allowPrivilegeEscalation != false',
      detail: `${counted('container', names(bad))} must set securityContext.allowPrivilegeEscalation=false`,
    }
  },
}

const addable = new Set(['NET_BIND_SERVICE'])

const capabilities: Check = {
  since: 22,
  check: (pod) => {
    if (isWindows(pod)) return undefined
    const containers = containersOf(pod.spec)
    const keeping = containers.filter((one) => {
      const dropped = securityField(one, 'capabilities', 'drop')
      return !Array.isArray(dropped) || !dropped.includes('ALL')
    })
    const adding = containers.filter((one) => addedBeyond(one, addable).length > 0)
    const added = sorted(adding.flatMap((one) => addedBeyond(one, addable)))
    const faults = [
      ...(keeping.length > 0
        ? [
            `${counted('container', names(keeping))} must set securityContext.capabilities.drop=["ALL"]`,
          ]
        : []),
      ...(adding.length > 0
        ? [
            `${counted('container', names(adding))} must not include ${quoted(added)} in securityContext.capabilities.add`,
          ]
        : []),
    ]
    if (faults.length === 0) return undefined
    return { reason: 'unrestricted capabilities', detail: faults.join('; ') }
  },
}

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])
/** Those that upstream's words do not name are unknown to it. */
const namedVolumes = new Set(
  'hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker fc azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO storageos'.split(
    ' ',
  ),
)

const restrictedVolumes: Check = {
  check: ({ spec }) => {
    const sourcesOf = (volume: JsonObject) => Object.keys(volume).filter((key) => key !== 'name')
    const bad = listAt(spec, ['volumes']).filter(
      (volume) => !sourcesOf(volume).some((source) => allowedVolumes.has(source)),
    )
    if (bad.length === 0) return undefined
    const types = sorted(
      bad.map((volume) => sourcesOf(volume).find((one) => namedVolumes.has(one)) ?? 'unknown'),
    )
    const use = bad.length === 1 ? 'uses' : 'use'
    return {
      reason: 'restricted volume types',
      detail: `${counted('volume', names(bad))} ${use} ${plural('restricted volume type', types)} ${quoted(types)}`,
    }
  },
}

const runAsNonRoot: Check = {
  check: ({ spec }) => {
    const reason = 'runAsNonRoot != true'
    const who = setters(spec, (holder) => securityField(holder, 'runAsNonRoot') === false)
    if (who !== '')
      return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
    if (securityField(spec, 'runAsNonRoot') === true) return undefined
    const silent = containersOf(spec).filter((one) => securityField(one, 'runAsNonRoot') !== true)
    if (silent.length === 0) return undefined
    const whose = counted('container', names(silent))
    return { reason, detail: `pod or ${whose} must set securityContext.runAsNonRoot=true` }
  },
}

const runAsUser: Check = {
  since: 23,
  check: ({ spec }) => {
    const who = setters(spec, (holder) => securityField(holder, 'runAsUser') === 0)
    if (who === '') return undefined
    return { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` }
  },
}

const seccompProfile: Check = {
  since: 19,
  check: (pod) => {
    if (isWindows(pod)) return undefined
    const bad = baselineSeccomp.check(pod)
    if (bad) return bad
    const isSet = (holder: JsonObject) => {
      const type = securityField(holder, 'seccompProfile', 'type')
      return typeof type === 'string' && !isBadSeccomp(type)
    }
    if (isSet(pod.spec)) return undefined
    const silent = containersOf(pod.spec).filter((one) => !isSet(one))
    if (silent.length === 0) return undefined
    const whose = counted('container', names(silent))
    return {
      reason: 'seccompProfile',
      detail: `pod or ${whose} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
    }
  },
}

export const restrictedChecks: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
]

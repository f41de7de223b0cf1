import { isObject } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { defaultPodSpec, defaultPodTemplate } from './pod.ts'
import { defaultService } from './service.ts'
import { itemsOf, objectField, setDefaults } from './set-default.ts'

/** Fill in what a client left out. Changes the object it is given. */
type Defaulter = (object: KubeObject, spec: JsonObject) => void

const quarter = '25%'

const templated =
  (more: (spec: JsonObject, object: KubeObject) => void): Defaulter =>
  (object, spec) => {
    if (isObject(spec['template'])) defaultPodTemplate(spec['template'])
    more(spec, object)
  }

function rollingUpdate(strategy: JsonObject, values: Record<string, string | number>): void {
  setDefaults(strategy, { type: 'RollingUpdate' })
  if (strategy['type'] === 'RollingUpdate')
    setDefaults(objectField(strategy, 'rollingUpdate'), values)
}

function defaultJobSpec(spec: JsonObject): void {
  if (isObject(spec['template'])) {
    defaultPodTemplate(spec['template'])
  }
  if (spec['completions'] === undefined && spec['parallelism'] === undefined)
    setDefaults(spec, { completions: 1, parallelism: 1 })
  setDefaults(spec, {
    parallelism: 1,
    // Limited per index, the job as a whole is not.
    backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2 ** 31 - 1,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })
}

/** A selector and labels that were left out are those of the template. */
function labelsFromTemplate(object: KubeObject, spec: JsonObject): void {
  const template = isObject(spec['template']) ? spec['template'] : {}
  const metadata = isObject(template['metadata']) ? template['metadata'] : {}
  const labels = metadata['labels']
  if (!isObject(labels)) return
  if (object.kind === 'ReplicationController') setDefaults(spec, { selector: labels })
  object.metadata.labels ??= { ...(labels as Record<string, string>) }
}

const defaulters: Readonly<Record<string, Defaulter>> = {
  '/Pod': (_object, spec) => {
    setDefaults(spec, { enableServiceLinks: true })
    defaultPodSpec(spec)
  },
  '/PodTemplate': (object) => {
    if (isObject(object['template'])) defaultPodTemplate(object['template'])
  },
  '/Service': (object, spec) => defaultService(object, spec),
  '/Namespace': (object) => {
    const labels = (object.metadata.labels ??= {})
    if (object.metadata.name) labels['kubernetes.io/metadata.name'] = object.metadata.name
    object.status ??= {}
    setDefaults(object.status, { phase: 'Active' })
  },
  '/Secret': (object) => {
    object['type'] ??= 'Opaque'
  },
  '/ReplicationController': (object, spec) => {
    if (isObject(spec['template'])) defaultPodTemplate(spec['template'])
    setDefaults(spec, { replicas: 1 })
    labelsFromTemplate(object, spec)
  },
  '/PersistentVolume': (_object, spec) => {
    setDefaults(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' })
  },
  '/PersistentVolumeClaim': (_object, spec) => setDefaults(spec, { volumeMode: 'Filesystem' }),
  '/Node': (object) => {
    const status = object.status
    if (status) status['allocatable'] ??= structuredClone(status['capacity'])
  },
  '/Endpoints': (object) => {
    const subsets = object['subsets']
    for (const subset of Array.isArray(subsets) ? subsets.filter(isObject) : [])
      for (const port of itemsOf(subset, 'ports')) setDefaults(port, { protocol: 'TCP' })
  },
  'apps/Deployment': templated((spec) => {
    setDefaults(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
    rollingUpdate(objectField(spec, 'strategy'), { maxUnavailable: quarter, maxSurge: quarter })
  }),
  'apps/ReplicaSet': (object, spec) => {
    if (isObject(spec['template'])) defaultPodTemplate(spec['template'])
    setDefaults(spec, { replicas: 1 })
    labelsFromTemplate(object, spec)
  },
  'apps/DaemonSet': templated((spec) => {
    setDefaults(spec, { revisionHistoryLimit: 10 })
    rollingUpdate(objectField(spec, 'updateStrategy'), { maxUnavailable: 1, maxSurge: 0 })
  }),
  'apps/StatefulSet': templated((spec) => {
    setDefaults(spec, {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: 'OrderedReady',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    })
    rollingUpdate(objectField(spec, 'updateStrategy'), { partition: 0 })
    for (const claim of itemsOf(spec, 'volumeClaimTemplates')) {
      setDefaults(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
      setDefaults(objectField(claim, 'spec'), { volumeMode: 'Filesystem' })
    }
  }),
  'batch/Job': (_object, spec) => defaultJobSpec(spec),
  'batch/CronJob': (_object, spec) => {
    setDefaults(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    })
    const template = spec['jobTemplate']
    if (isObject(template) && isObject(template['spec']) && isObject(template['spec']['template']))
      defaultPodTemplate(template['spec']['template'])
  },
  'autoscaling/HorizontalPodAutoscaler': (_object, spec) => {
    setDefaults(spec, { minReplicas: 1 })
    const metrics = [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ]
    if (
      itemsOf(spec, 'metrics').length === 0 &&
      spec['targetCPUUtilizationPercentage'] === undefined
    )
      spec['metrics'] = metrics
  },
  'networking.k8s.io/NetworkPolicy': (_object, spec) => {
    const hasEgress = itemsOf(spec, 'egress').length > 0
    setDefaults(spec, { policyTypes: hasEgress ? ['Ingress', 'Egress'] : ['Ingress'] })
    for (const rule of [...itemsOf(spec, 'ingress'), ...itemsOf(spec, 'egress')])
      for (const port of itemsOf(rule, 'ports')) setDefaults(port, { protocol: 'TCP' })
  },
  'rbac.authorization.k8s.io/RoleBinding': defaultBinding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': defaultBinding,
  'storage.k8s.io/StorageClass': (object) =>
    setDefaults(object as unknown as JsonObject, {
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    }),
  'scheduling.k8s.io/PriorityClass': (object) => {
    object['preemptionPolicy'] ??= 'PreemptLowerPriority'
  },
  'discovery.k8s.io/EndpointSlice': (object) => {
    const ports = object['ports']
    for (const port of Array.isArray(ports) ? ports.filter(isObject) : [])
      setDefaults(port, { name: '', protocol: 'TCP' })
  },
  'certificates.k8s.io/CertificateSigningRequest': (_object, spec) => {
    spec['usages'] ??= ['digital signature', 'key encipherment']
  },
  'apiextensions.k8s.io/CustomResourceDefinition': (_object, spec) => {
    setDefaults(spec, { conversion: { strategy: 'None' } })
    const names = objectField(spec, 'names')
    if (typeof names['kind'] !== 'string') return
    setDefaults(names, { singular: names['kind'].toLowerCase(), listKind: `${names['kind']}List` })
  },
}

function defaultBinding(object: KubeObject): void {
  const group = 'rbac.authorization.k8s.io'
  if (isObject(object['roleRef'])) setDefaults(object['roleRef'], { apiGroup: group })
  const subjects = Array.isArray(object['subjects']) ? object['subjects'] : []
  for (const subject of subjects.filter(isObject))
    if (subject['kind'] !== 'ServiceAccount') setDefaults(subject, { apiGroup: group })
}

/** Fill in the defaults of a kind. Changes the object it is given. */
export function applyDefaults(group: string, object: KubeObject): void {
  const defaulter = defaulters[`${group}/${object.kind}`]
  if (!defaulter) return
  defaulter(object, isObject(object.spec) ? object.spec : {})
}

import type { Json } from '../object.ts'

// What may be written and is kept, and changes nothing here: the parts that would act on it are not there. Whoever
// makes one act takes its row away; a test compares the rows with what the code reads.

export interface UnactedField {
  /** `[]` is every item of a list; empty: the whole object. */
  readonly path: string
  /** Values that ask for what happens anyway. */
  readonly usual?: readonly Json[]
  /** Only these values ask for what does not happen. Absent: all. */
  readonly only?: readonly Json[]
}

/** Rows without values may be written as their paths. */
type Row = string | UnactedField

const containerFields: readonly Row[] = [
  'env[].valueFrom.fileKeyRef',
  'resizePolicy',
  'resources.claims',
  'restartPolicyRules',
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'securityContext.windowsOptions',
  { path: 'terminationMessagePolicy', usual: ['File'] },
  'volumeDevices',
]

const volumeSources = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'image',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'projected.sources[].clusterTrustBundle',
  'projected.sources[].podCertificate',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
]

/** Of a claim's specification, in a claim or in a template. */
const claimFields: readonly Row[] = ['dataSource', 'dataSourceRef', 'volumeAttributesClassName']

/** Of a pod's specification, in a pod or in a template. */
const podFields: readonly Row[] = [
  ...below('containers[].', containerFields),
  ...below('initContainers[].', containerFields),
  ...below('ephemeralContainers[].', containerFields),
  ...below('volumes[].', volumeSources),
  ...below('volumes[].ephemeral.volumeClaimTemplate.spec.', claimFields),
  { path: 'hostUsers', usual: [true] },
  'hostnameOverride',
  { path: 'os.name', usual: ['linux'] },
  'resourceClaims',
  'runtimeClassName',
  'schedulingGroup',
  'securityContext.appArmorProfile',
  'securityContext.seLinuxChangePolicy',
  'securityContext.seLinuxOptions',
  { path: 'securityContext.supplementalGroupsPolicy', usual: ['Merge'] },
  'securityContext.windowsOptions',
  { path: 'setHostnameAsFQDN', usual: [false] },
]

const templated = below('spec.template.spec.', podFields)
const nothing: readonly Row[] = ['']

const podOnlySources = new Set(['ephemeral', 'gitRepo', 'image'])

const rows: Readonly<Record<string, readonly Row[]>> = {
  '/Pod': below('spec.', podFields),
  '/PodTemplate': below('template.spec.', podFields),
  '/ReplicationController': templated,
  '/PersistentVolume': below('spec.', [
    ...volumeSources.filter((name) => !podOnlySources.has(name)),
    'local.fsType',
    'mountOptions',
    'volumeAttributesClassName',
  ]),
  '/PersistentVolumeClaim': below('spec.', claimFields),
  '/Node': ['spec.configSource'],
  '/Service': [
    { path: 'spec.type', only: ['LoadBalancer'] },
    { path: 'spec.allocateLoadBalancerNodePorts', usual: [true] },
    { path: 'spec.ipFamilyPolicy', usual: ['SingleStack'] },
    'spec.loadBalancerClass',
    'spec.loadBalancerIP',
    'spec.loadBalancerSourceRanges',
  ],
  'apiregistration.k8s.io/APIService': ['spec.service'],
  'apps/DaemonSet': templated,
  'apps/Deployment': templated,
  'apps/ReplicaSet': templated,
  'apps/StatefulSet': [
    ...templated,
    { path: 'spec.updateStrategy.rollingUpdate.maxUnavailable', usual: [1] },
    ...below('spec.volumeClaimTemplates[].spec.', claimFields),
  ],
  'autoscaling/HorizontalPodAutoscaler': [
    'spec.behavior.scaleDown.tolerance',
    'spec.behavior.scaleUp.tolerance',
    'spec.metrics[].external',
    'spec.metrics[].object',
    'spec.metrics[].pods',
  ],
  'batch/CronJob': below('spec.jobTemplate.spec.template.spec.', podFields),
  'batch/Job': templated,
  'networking.k8s.io/Ingress': nothing,
  'networking.k8s.io/IngressClass': nothing,
  'node.k8s.io/RuntimeClass': nothing,
  'storage.k8s.io/CSIDriver': nothing,
  'storage.k8s.io/StorageClass': [
    { path: 'allowVolumeExpansion', usual: [false] },
    'mountOptions',
    'parameters',
  ],
  'storage.k8s.io/VolumeAttachment': nothing,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': nothing,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': nothing,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': nothing,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': nothing,
  'apiextensions.k8s.io/CustomResourceDefinition': [
    'spec.conversion.webhook',
    { path: 'spec.preserveUnknownFields', usual: [false] },
    'spec.versions[].deprecationWarning',
    { path: 'spec.versions[].deprecated', usual: [false] },
    'spec.versions[].subresources.scale.labelSelectorPath',
    { path: 'spec.versions[].subresources.scale.specReplicasPath', usual: ['.spec.replicas'] },
    { path: 'spec.versions[].subresources.scale.statusReplicasPath', usual: ['.status.replicas'] },
  ],
}

function below(prefix: string, fields: readonly Row[]): UnactedField[] {
  return fields.map((row) => {
    const field = asField(row)
    return { ...field, path: prefix + field.path }
  })
}

function asField(row: Row): UnactedField {
  return typeof row === 'string' ? { path: row } : row
}

/** The rows of a kind. */
export function unactedFields(kind: { group: string; kind: string }): UnactedField[] {
  return (rows[`${kind.group}/${kind.kind}`] ?? []).map(asField)
}

/** The kinds that have rows, as `group/Kind`. */
export const unactedKinds: readonly string[] = Object.keys(rows)

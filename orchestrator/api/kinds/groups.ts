import type { Kind } from '../kind.ts'
import { autoscalerConversion } from './convert-autoscaler.ts'
import { eventConversion } from './convert-event.ts'
import { coreKinds } from './core.ts'
import { makeKinds } from './make-kind.ts'

const all = ['all']
const answerOnly = ['create']
const apiExtensions = ['api-extensions']
const status = 'status'

const apps = makeKinds('apps', 'v1', 'io.k8s.api.apps.v1', [
  { kind: 'ControllerRevision' },
  { kind: 'DaemonSet', short: 'ds', categories: all, subresources: status, generation: true },
  {
    kind: 'Deployment',
    short: 'deploy',
    categories: all,
    subresources: 'status scale',
    generation: true,
  },
  {
    kind: 'ReplicaSet',
    short: 'rs',
    categories: all,
    subresources: 'status scale',
    selectable: ['status.replicas'],
    generation: true,
  },
  {
    kind: 'StatefulSet',
    short: 'sts',
    categories: all,
    subresources: 'status scale',
    generation: true,
  },
])

const batch = makeKinds('batch', 'v1', 'io.k8s.api.batch.v1', [
  { kind: 'CronJob', short: 'cj', categories: all, subresources: status, generation: true },
  {
    kind: 'Job',
    categories: all,
    subresources: status,
    selectable: ['status.successful'],
    generation: true,
  },
])

const autoscaler = {
  kind: 'HorizontalPodAutoscaler',
  short: 'hpa',
  categories: all,
  subresources: status,
}
const autoscaling = [
  ...makeKinds('autoscaling', 'v2', 'io.k8s.api.autoscaling.v2', [autoscaler]),
  ...makeKinds('autoscaling', 'v1', 'io.k8s.api.autoscaling.v1', [
    { ...autoscaler, conversion: autoscalerConversion },
  ]),
]

const policy = makeKinds('policy', 'v1', 'io.k8s.api.policy.v1', [
  { kind: 'PodDisruptionBudget', short: 'pdb', subresources: status, generation: true },
])

const networking = makeKinds('networking.k8s.io', 'v1', 'io.k8s.api.networking.v1', [
  { kind: 'IngressClass', plural: 'ingressclasses', cluster: true, generation: true },
  { kind: 'Ingress', plural: 'ingresses', short: 'ing', subresources: status, generation: true },
  { kind: 'NetworkPolicy', plural: 'networkpolicies', short: 'netpol', generation: true },
])

const discovery = makeKinds('discovery.k8s.io', 'v1', 'io.k8s.api.discovery.v1', [
  { kind: 'EndpointSlice', generation: true },
])

const events = makeKinds('events.k8s.io', 'v1', 'io.k8s.api.events.v1', [
  {
    kind: 'Event',
    short: 'ev',
    storage: 'core/events',
    conversion: eventConversion,
    selectable: [
      'reason',
      'type',
      'regarding.kind',
      'regarding.name',
      'regarding.namespace',
      'regarding.uid',
      'reportingController',
    ],
  },
])

const coordination = makeKinds('coordination.k8s.io', 'v1', 'io.k8s.api.coordination.v1', [
  { kind: 'Lease' },
])

const rbac = makeKinds('rbac.authorization.k8s.io', 'v1', 'io.k8s.api.rbac.v1', [
  { kind: 'ClusterRoleBinding', cluster: true },
  { kind: 'ClusterRole', cluster: true },
  { kind: 'RoleBinding' },
  { kind: 'Role' },
])

const authentication = makeKinds('authentication.k8s.io', 'v1', 'io.k8s.api.authentication.v1', [
  { kind: 'SelfSubjectReview', cluster: true, verbs: answerOnly },
  { kind: 'TokenReview', cluster: true, verbs: answerOnly },
])

const authorization = makeKinds('authorization.k8s.io', 'v1', 'io.k8s.api.authorization.v1', [
  { kind: 'LocalSubjectAccessReview', verbs: answerOnly },
  { kind: 'SelfSubjectAccessReview', cluster: true, verbs: answerOnly },
  { kind: 'SelfSubjectRulesReview', cluster: true, verbs: answerOnly },
  { kind: 'SubjectAccessReview', cluster: true, verbs: answerOnly },
])

const certificates = makeKinds('certificates.k8s.io', 'v1', 'io.k8s.api.certificates.v1', [
  {
    kind: 'CertificateSigningRequest',
    short: 'csr',
    cluster: true,
    subresources: 'status approval',
    selectable: ['spec.signerName'],
  },
])

const scheduling = makeKinds('scheduling.k8s.io', 'v1', 'io.k8s.api.scheduling.v1', [
  {
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    short: 'pc',
    cluster: true,
    generation: true,
  },
])

const storage = makeKinds('storage.k8s.io', 'v1', 'io.k8s.api.storage.v1', [
  { kind: 'CSIDriver', cluster: true },
  { kind: 'CSINode', cluster: true },
  { kind: 'StorageClass', plural: 'storageclasses', short: 'sc', cluster: true },
  { kind: 'VolumeAttachment', cluster: true, subresources: status },
])

const node = makeKinds('node.k8s.io', 'v1', 'io.k8s.api.node.v1', [
  { kind: 'RuntimeClass', plural: 'runtimeclasses', cluster: true },
])

const admission = makeKinds(
  'admissionregistration.k8s.io',
  'v1',
  'io.k8s.api.admissionregistration.v1',
  [
    {
      kind: 'MutatingWebhookConfiguration',
      categories: apiExtensions,
      cluster: true,
      generation: true,
    },
    {
      kind: 'ValidatingAdmissionPolicy',
      plural: 'validatingadmissionpolicies',
      categories: apiExtensions,
      cluster: true,
      subresources: status,
      generation: true,
    },
    {
      kind: 'ValidatingAdmissionPolicyBinding',
      categories: apiExtensions,
      cluster: true,
      generation: true,
    },
    {
      kind: 'ValidatingWebhookConfiguration',
      categories: apiExtensions,
      cluster: true,
      generation: true,
    },
  ],
)

const extensions = makeKinds(
  'apiextensions.k8s.io',
  'v1',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  [
    {
      kind: 'CustomResourceDefinition',
      short: 'crd crds',
      categories: apiExtensions,
      cluster: true,
      subresources: status,
      generation: true,
    },
  ],
)

const registration = makeKinds(
  'apiregistration.k8s.io',
  'v1',
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  [{ kind: 'APIService', categories: apiExtensions, cluster: true, subresources: status }],
)

/** Measured when somebody asks, and not kept. */
const metrics = makeKinds('metrics.k8s.io', 'v1beta1', 'io.k8s.metrics.v1beta1', [
  { kind: 'NodeMetrics', plural: 'nodes', cluster: true, verbs: ['get', 'list'] },
  { kind: 'PodMetrics', plural: 'pods', verbs: ['get', 'list'] },
])

/** Every built-in kind; groups in the order in which discovery names them. */
export const builtInKinds: readonly Kind[] = [
  coreKinds,
  registration,
  apps,
  events,
  authentication,
  authorization,
  autoscaling,
  batch,
  certificates,
  networking,
  policy,
  rbac,
  storage,
  admission,
  extensions,
  scheduling,
  coordination,
  node,
  discovery,
  metrics,
].flat()

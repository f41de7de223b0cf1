import { listAt, textAt, valueAt, plainText } from '../object.ts'
import {
  none,
  text,
  number,
  flag,
  selectorText,
  containerColumns,
  templateColumns,
  jobStatus,
  jobCompletions,
  jobDuration,
  hosts,
  metrics,
  createdAt,
  bindingColumns,
  quiet,
  csrCondition,
  orNotAvailable,
  unsetList,
} from './cells.ts'
import { ageColumn, ageOf, column, count, nameColumn, wide } from './column.ts'
import type { Column } from './column.ts'
import type { KubeObject } from '../object.ts'
import { defaultClass } from '../volumes/names.ts'

/** Tables of the other groups, by group and kind. */
export const groupTables: Readonly<Record<string, readonly Column[]>> = {
  'apps/Deployment': [
    nameColumn,
    column(
      'Ready',
      (object) =>
        `${number('status', 'readyReplicas')(object)}/${number('spec', 'replicas')(object)}`,
    ),
    count('Up-to-date', number('status', 'updatedReplicas')),
    count('Available', number('status', 'availableReplicas')),
    ageColumn,
    ...templateColumns,
  ],
  'apps/ReplicaSet': [
    nameColumn,
    count('Desired', number('spec', 'replicas')),
    count('Current', number('status', 'replicas')),
    count('Ready', number('status', 'readyReplicas')),
    ageColumn,
    ...templateColumns,
  ],
  'apps/StatefulSet': [
    nameColumn,
    column(
      'Ready',
      (object) =>
        `${number('status', 'readyReplicas')(object)}/${number('spec', 'replicas')(object)}`,
    ),
    ageColumn,
    ...containerColumns('spec', 'template', 'spec'),
  ],
  'apps/DaemonSet': [
    nameColumn,
    count('Desired', number('status', 'desiredNumberScheduled')),
    count('Current', number('status', 'currentNumberScheduled')),
    count('Ready', number('status', 'numberReady')),
    count('Up-to-date', number('status', 'updatedNumberScheduled')),
    count('Available', number('status', 'numberAvailable')),
    column('Node Selector', (object) =>
      selectorText(valueAt(object, ['spec', 'template', 'spec', 'nodeSelector'])),
    ),
    ageColumn,
    ...templateColumns,
  ],
  'apps/ControllerRevision': [
    nameColumn,
    column('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller)
      return owner ? `${owner.kind.toLowerCase()}.apps/${owner.name}` : none
    }),
    column('Revision', number('revision')),
    ageColumn,
  ],
  'batch/Job': [
    nameColumn,
    column('Status', jobStatus),
    column('Completions', jobCompletions),
    column('Duration', jobDuration),
    ageColumn,
    ...templateColumns,
  ],
  'batch/CronJob': [
    nameColumn,
    column('Schedule', text('spec', 'schedule')),
    column('Timezone', text('spec', 'timeZone')),
    column('Suspend', flag('spec', 'suspend')),
    count('Active', (object) => listAt(object, ['status', 'active']).length),
    column('Last Schedule', (object, now) => {
      const last = textAt(object, ['status', 'lastScheduleTime'])
      return last === undefined ? none : ageOf(last, now)
    }),
    ageColumn,
    ...containerColumns('spec', 'jobTemplate', 'spec', 'template', 'spec'),
    wide('Selector', (object) =>
      selectorText(valueAt(object, ['spec', 'jobTemplate', 'spec', 'selector'])),
    ),
  ],
  'autoscaling/HorizontalPodAutoscaler': [
    nameColumn,
    column(
      'Reference',
      (object) =>
        `${text('spec', 'scaleTargetRef', 'kind')(object)}/${text('spec', 'scaleTargetRef', 'name')(object)}`,
    ),
    column('Targets', metrics),
    column('MinPods', text('spec', 'minReplicas')),
    column('MaxPods', number('spec', 'maxReplicas')),
    column('Replicas', number('status', 'currentReplicas')),
    ageColumn,
  ],
  'policy/PodDisruptionBudget': [
    nameColumn,
    column('Min Available', (object) => orNotAvailable(valueAt(object, ['spec', 'minAvailable']))),
    column('Max Unavailable', (object) =>
      orNotAvailable(valueAt(object, ['spec', 'maxUnavailable'])),
    ),
    count('Allowed Disruptions', number('status', 'disruptionsAllowed')),
    ageColumn,
  ],
  'networking.k8s.io/Ingress': [
    nameColumn,
    column('Class', text('spec', 'ingressClassName')),
    column('Hosts', hosts),
    column('Address', (object) =>
      listAt(object, ['status', 'loadBalancer', 'ingress'])
        .map(({ ip, hostname }) => plainText(ip ?? hostname))
        .join(','),
    ),
    column('Ports', (object) => (listAt(object, ['spec', 'tls']).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  'networking.k8s.io/IngressClass': [
    nameColumn,
    column('Controller', text('spec', 'controller')),
    column('Parameters', text('spec', 'parameters', 'name')),
    ageColumn,
  ],
  'networking.k8s.io/NetworkPolicy': [
    nameColumn,
    column('Pod-Selector', (object) => selectorText(object.spec?.['podSelector'])),
    ageColumn,
  ],
  'discovery.k8s.io/EndpointSlice': [
    nameColumn,
    column('AddressType', text('addressType')),
    column('Ports', (object) => unsetList(listAt(object, ['ports']).map(({ port }) => port))),
    column('Endpoints', (object) =>
      unsetList(
        listAt(object, ['endpoints']).flatMap(({ addresses }) =>
          Array.isArray(addresses) ? addresses : [],
        ),
      ),
    ),
    ageColumn,
  ],
  'coordination.k8s.io/Lease': [
    nameColumn,
    column('Holder', quiet('spec', 'holderIdentity')),
    ageColumn,
  ],
  'rbac.authorization.k8s.io/Role': [nameColumn, createdAt],
  'rbac.authorization.k8s.io/ClusterRole': [nameColumn, createdAt],
  'rbac.authorization.k8s.io/RoleBinding': bindingColumns,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingColumns,
  'certificates.k8s.io/CertificateSigningRequest': [
    nameColumn,
    ageColumn,
    column('SignerName', text('spec', 'signerName')),
    column('Requestor', text('spec', 'username')),
    column('RequestedDuration', text('spec', 'expirationSeconds')),
    column('Condition', csrCondition),
  ],
  'scheduling.k8s.io/PriorityClass': [
    nameColumn,
    column('Value', number('value')),
    column('Global-Default', (object) => plainText(object['globalDefault'] === true)),
    ageColumn,
    column('PreemptionPolicy', quiet('preemptionPolicy')),
  ],
  'storage.k8s.io/StorageClass': [
    { ...nameColumn, cell: className },
    column('Provisioner', text('provisioner')),
    column('ReclaimPolicy', text('reclaimPolicy')),
    column('VolumeBindingMode', text('volumeBindingMode')),
    column('AllowVolumeExpansion', (object) => plainText(object['allowVolumeExpansion'] === true)),
    ageColumn,
  ],
  'node.k8s.io/RuntimeClass': [nameColumn, column('Handler', text('handler')), ageColumn],
  'apiextensions.k8s.io/CustomResourceDefinition': [nameColumn, createdAt],
}

function className({ metadata }: KubeObject): string {
  const isDefault = metadata.annotations?.[defaultClass] === 'true'
  return `${metadata.name}${isDefault ? ' (default)' : ''}`
}

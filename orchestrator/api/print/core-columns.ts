import { numberAt, textAt, plainText } from '../object.ts'
import {
  none,
  unset,
  text,
  number,
  size,
  selectorText,
  containerColumns,
  templateColumns,
  nodeStatus,
  nodeRoles,
  nodeAddress,
  servicePorts,
  externalAddresses,
  eventObject,
  eventSeen,
  createdAt,
  modes,
  quiet,
  endpointAddresses,
  quotaText,
  whenBound,
} from './cells.ts'
import { ageColumn, ageOf, column, count, nameColumn, wide } from './column.ts'
import type { Column } from './column.ts'
import { podColumns } from './pod-columns.ts'
import { classOf } from '../volumes/volume-match.ts'

/** Tables of the core group, by kind. */
export const coreTables: Readonly<Record<string, readonly Column[]>> = {
  '/Pod': podColumns,
  '/Node': [
    nameColumn,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    ageColumn,
    column('Version', text('status', 'nodeInfo', 'kubeletVersion')),
    wide('Internal-IP', nodeAddress('InternalIP')),
    wide('External-IP', nodeAddress('ExternalIP')),
    wide('OS-Image', text('status', 'nodeInfo', 'osImage')),
    wide('Kernel-Version', text('status', 'nodeInfo', 'kernelVersion')),
    wide('Container-Runtime', text('status', 'nodeInfo', 'containerRuntimeVersion')),
  ],
  '/Namespace': [nameColumn, column('Status', text('status', 'phase')), ageColumn],
  '/Service': [
    nameColumn,
    column('Type', text('spec', 'type')),
    column('Cluster-IP', (object) => textAt(object, ['spec', 'clusterIP']) || none),
    column('External-IP', externalAddresses),
    column('Port(s)', servicePorts),
    ageColumn,
    wide('Selector', (object) => selectorText(object.spec?.['selector'])),
  ],
  '/ConfigMap': [
    nameColumn,
    count('Data', (object) => size('data')(object) + size('binaryData')(object)),
    ageColumn,
  ],
  '/Secret': [nameColumn, column('Type', text('type')), count('Data', size('data')), ageColumn],
  '/ServiceAccount': [nameColumn, count('Secrets', size('secrets')), ageColumn],
  '/Endpoints': [nameColumn, column('Endpoints', endpointAddresses), ageColumn],
  '/Event': [
    column('Last Seen', eventSeen),
    column('Type', text('type')),
    column('Reason', text('reason')),
    column('Object', eventObject),
    wide('Subobject', quiet('involvedObject', 'fieldPath')),
    wide('Source', quiet('source', 'component')),
    column('Message', (event) => (textAt(event, ['message']) ?? '').trim()),
    wide('First Seen', (event, now) => ageOf(event['firstTimestamp'] ?? event['eventTime'], now)),
    wide('Count', (event) => plainText(numberAt(event, ['count']) ?? 1)),
    { ...nameColumn, priority: 1 },
  ],
  '/ReplicationController': [
    nameColumn,
    count('Desired', number('spec', 'replicas')),
    count('Current', number('status', 'replicas')),
    count('Ready', number('status', 'readyReplicas')),
    ageColumn,
    ...templateColumns,
  ],
  '/ResourceQuota': [
    nameColumn,
    column('Request', (object) => quotaText(object, false)),
    column('Limit', (object) => quotaText(object, true)),
    ageColumn,
  ],
  '/LimitRange': [nameColumn, createdAt],
  '/PersistentVolumeClaim': [
    nameColumn,
    column('Status', (object) =>
      object.metadata.deletionTimestamp ? 'Terminating' : quiet('status', 'phase')(object),
    ),
    column('Volume', quiet('spec', 'volumeName')),
    column('Capacity', whenBound(quiet('status', 'capacity', 'storage'))),
    column('Access Modes', whenBound(modes('status'))),
    column('StorageClass', classOf),
    column(
      'VolumeAttributesClass',
      (object) => textAt(object, ['spec', 'volumeAttributesClassName']) ?? unset,
    ),
    ageColumn,
    wide('VolumeMode', text('spec', 'volumeMode')),
  ],
  '/PersistentVolume': [
    nameColumn,
    column('Capacity', quiet('spec', 'capacity', 'storage')),
    column('Access Modes', modes('spec')),
    column('Reclaim Policy', quiet('spec', 'persistentVolumeReclaimPolicy')),
    column('Status', (object) =>
      object.metadata.deletionTimestamp ? 'Terminating' : quiet('status', 'phase')(object),
    ),
    column('Claim', (object) =>
      object.spec?.['claimRef']
        ? `${text('spec', 'claimRef', 'namespace')(object)}/${text('spec', 'claimRef', 'name')(object)}`
        : '',
    ),
    column('StorageClass', classOf),
    column(
      'VolumeAttributesClass',
      (object) => textAt(object, ['spec', 'volumeAttributesClassName']) ?? unset,
    ),
    column('Reason', quiet('status', 'reason')),
    ageColumn,
    wide('VolumeMode', text('spec', 'volumeMode')),
  ],
  '/PodTemplate': [
    nameColumn,
    ...containerColumns('template', 'spec').map((one) => ({ ...one, priority: 0 })),
  ],
}

import type { KindName } from '../../client/client.ts'

// The kinds that controllers read.

const kind = (apiVersion: string, name: string): KindName => ({ apiVersion, kind: name })

export const kinds = {
  pod: kind('v1', 'Pod'),
  node: kind('v1', 'Node'),
  namespace: kind('v1', 'Namespace'),
  serviceAccount: kind('v1', 'ServiceAccount'),
  configMap: kind('v1', 'ConfigMap'),
  secret: kind('v1', 'Secret'),
  service: kind('v1', 'Service'),
  endpoints: kind('v1', 'Endpoints'),
  replicationController: kind('v1', 'ReplicationController'),
  endpointSlice: kind('discovery.k8s.io/v1', 'EndpointSlice'),
  lease: kind('coordination.k8s.io/v1', 'Lease'),
  daemonSet: kind('apps/v1', 'DaemonSet'),
  deployment: kind('apps/v1', 'Deployment'),
  replicaSet: kind('apps/v1', 'ReplicaSet'),
  statefulSet: kind('apps/v1', 'StatefulSet'),
  controllerRevision: kind('apps/v1', 'ControllerRevision'),
  claim: kind('v1', 'PersistentVolumeClaim'),
  volume: kind('v1', 'PersistentVolume'),
  storageClass: kind('storage.k8s.io/v1', 'StorageClass'),
  job: kind('batch/v1', 'Job'),
  cronJob: kind('batch/v1', 'CronJob'),
  disruptionBudget: kind('policy/v1', 'PodDisruptionBudget'),
} as const

import type { StartController } from './controller.ts'
import { startTtlAfterFinishedController } from './ttl-after-finished/ttl-after-finished-controller.ts'
import { startStatefulSetController } from './stateful-set/stateful-set-controller.ts'
import { startDeploymentController } from './deployment/deployment-controller.ts'
import { startDisruptionController } from './disruption/disruption-controller.ts'
import { startCronJobController } from './cron-job/cron-job-controller.ts'
import { startDaemonSetController } from './daemon-set/daemon-set-controller.ts'
import { startEndpointSliceController } from './endpoint-slice/endpoint-slice-controller.ts'
import { startEndpointSliceMirroringController } from './endpoint-slice-mirroring/endpoint-slice-mirroring-controller.ts'
import { startEndpointsController } from './endpoints/endpoints-controller.ts'
import { startEphemeralVolumeController } from './ephemeral-volume/ephemeral-volume-controller.ts'
import { startGarbageCollector } from './garbage-collector/garbage-collector.ts'
import { startHorizontalPodAutoscalerController } from './horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts'
import { startJobController } from './job/job-controller.ts'
import { startLocalPathProvisioner } from './local-path/local-path-provisioner.ts'
import { startNodeIpamController } from './node-ipam/node-ipam-controller.ts'
import { startNodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts'
import { startPersistentVolumeController } from './persistent-volume/persistent-volume-controller.ts'
import { startPodGcController } from './pod-gc/pod-gc-controller.ts'
import {
  startReplicaSetController,
  startReplicationController,
} from './replica-set/replica-set-controller.ts'
import { startRootCaController } from './root-ca/root-ca-controller.ts'
import { startServiceAccountController } from './service-account/service-account-controller.ts'
import { startServiceAccountTokenController } from './service-account/service-account-token-controller.ts'
import {
  startClaimProtection,
  startVolumeProtection,
} from './storage-protection/storage-protection.ts'
import { startTaintEvictionController } from './taint-eviction/taint-eviction-controller.ts'
import { startTokenCleanerController } from './token-cleaner/token-cleaner-controller.ts'

/** Every controller of the server, in no order: they meet only in the API. */
export const controllers: readonly StartController[] = [
  startTtlAfterFinishedController,
  startStatefulSetController,
  startDeploymentController,
  startDisruptionController,
  startCronJobController,
  startDaemonSetController,
  startEndpointSliceController,
  startEndpointSliceMirroringController,
  startEndpointsController,
  startEphemeralVolumeController,
  startGarbageCollector,
  startHorizontalPodAutoscalerController,
  startJobController,
  startLocalPathProvisioner,
  startNodeIpamController,
  startNodeLifecycleController,
  startPersistentVolumeController,
  startPodGcController,
  startReplicaSetController,
  startReplicationController,
  startRootCaController,
  startServiceAccountController,
  startServiceAccountTokenController,
  startClaimProtection,
  startVolumeProtection,
  startTaintEvictionController,
  startTokenCleanerController,
]

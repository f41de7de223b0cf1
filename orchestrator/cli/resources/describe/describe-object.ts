import type { KubeObject } from '../../../api/object.ts'
import type { Session } from '../session.ts'
import { describeBinding, describeRole } from './describe-access.ts'
import { describeAny } from './describe-any.ts'
import { describeClaim } from './describe-claim.ts'
import { describeConfigMap, describeSecret, describeServiceAccount } from './describe-config.ts'
import { describeIngress } from './describe-ingress.ts'
import { describeCronJob, describeJob } from './describe-job.ts'
import { describeLimitRange, describeNamespace, describeQuota } from './describe-namespace.ts'
import { describeNode } from './describe-node.ts'
import { describePod } from './describe-pod.ts'
import { describeService } from './describe-service.ts'
import { describeStorageClass, describeVolume } from './describe-volume.ts'
import {
  describeDaemonSet,
  describeDeployment,
  describeReplicaSet,
  describeStatefulSet,
} from './describe-workload.ts'
import { eventsOf, writeEvents } from './events.ts'
import { makePage } from './page.ts'
import type { Page } from './page.ts'

type Describe = (page: Page, object: KubeObject, session: Session) => void | Promise<void>

const describers: Readonly<Record<string, Describe>> = {
  '/Pod': describePod,
  '/Node': describeNode,
  '/Service': describeService,
  '/ConfigMap': describeConfigMap,
  '/Secret': describeSecret,
  '/Namespace': describeNamespace,
  '/ServiceAccount': describeServiceAccount,
  '/ResourceQuota': describeQuota,
  '/LimitRange': describeLimitRange,
  '/PersistentVolumeClaim': describeClaim,
  '/PersistentVolume': describeVolume,
  'apps/Deployment': describeDeployment,
  'apps/ReplicaSet': describeReplicaSet,
  'apps/StatefulSet': describeStatefulSet,
  'apps/DaemonSet': describeDaemonSet,
  'batch/Job': describeJob,
  'batch/CronJob': describeCronJob,
  'networking.k8s.io/Ingress': describeIngress,
  'storage.k8s.io/StorageClass': describeStorageClass,
  'rbac.authorization.k8s.io/Role': describeRole,
  'rbac.authorization.k8s.io/ClusterRole': describeRole,
  'rbac.authorization.k8s.io/RoleBinding': describeBinding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': describeBinding,
}

/** Kinds that kubectl shows no events of. */
const withoutEvents = new Set([
  '/Secret',
  '/Namespace',
  '/ResourceQuota',
  '/LimitRange',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/RoleBinding',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
])

/** What `describe` says of an object. @param showEvents whether it ends with what happened to it */
export async function describeObject(
  session: Session,
  object: KubeObject,
  showEvents: boolean,
): Promise<string> {
  const { apiVersion, kind } = object
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
  const key = `${group}/${kind}`
  const page = makePage()
  await (describers[key] ?? describeAny)(page, object, session)
  if (showEvents && !withoutEvents.has(key)) writeEvents(page, await eventsOf(session, object))
  return page.text()
}

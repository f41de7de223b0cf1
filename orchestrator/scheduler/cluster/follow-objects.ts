import type { KubeObject } from '../../api/object.ts'
import type { KindName } from '../../client/client.ts'
import type { ClusterChange } from '../cluster-change.ts'
import { hasEnded, readPodInfo } from '../pod-info.ts'
import type { SchedulingQueue } from '../queue/scheduling-queue.ts'
import type { ClusterCache } from './cluster-cache.ts'
import type { Surroundings } from './surroundings.ts'

export interface Followed {
  readonly cache: ClusterCache
  readonly surroundings: Surroundings
  readonly queue: SchedulingQueue
  readonly schedulerName: string
}

/** What to do when an object is there as it is given, or is gone. */
export type Follow = (object: KubeObject, isThere: boolean) => void

/** Which kinds the scheduler follows, in groups: each group is known before the next is begun. */
export function followedKinds(followed: Followed): (readonly [KindName, Follow])[][] {
  const { cache, surroundings, queue } = followed
  const tell = (changes: readonly ClusterChange[]) => {
    for (const change of changes) queue.onChange(change)
  }
  const selector: Follow = (object, isThere) =>
    isThere ? surroundings.setSelector(object) : surroundings.removeSelector(object)
  const node: Follow = (object, isThere) =>
    tell(isThere ? cache.setNode(object) : cache.removeNode(object.metadata.name ?? ''))
  const namespace: Follow = (object, isThere) => {
    const { name = '' } = object.metadata
    if (isThere) surroundings.setNamespace(object)
    else surroundings.removeNamespace(name)
    cache.recount()
    tell([{ type: 'namespace-labels', namespace: name }])
  }
  const budget: Follow = (object, isThere) =>
    isThere ? surroundings.setBudget(object) : surroundings.removeBudget(object)
  const storage: Follow = (object, isThere) => {
    if (isThere) surroundings.volumes.set(object)
    else surroundings.volumes.remove(object)
    tell([{ type: 'storage' }])
  }
  const core = (kind: string): KindName => ({ apiVersion: 'v1', kind })
  const apps = (kind: string): KindName => ({ apiVersion: 'apps/v1', kind })
  return [
    [
      [core('Node'), node],
      [core('Namespace'), namespace],
      [core('Service'), selector],
      [core('ReplicationController'), selector],
      [core('PersistentVolumeClaim'), storage],
      [core('PersistentVolume'), storage],
      [{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' }, storage],
      [apps('ReplicaSet'), selector],
      [apps('StatefulSet'), selector],
      [{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }, budget],
    ],
    [[core('Pod'), followPods(followed, tell)]],
  ]
}

function followPods(
  { cache, queue, schedulerName }: Followed,
  tell: (changes: readonly ClusterChange[]) => void,
): Follow {
  return (object, isThere) => {
    const { uid = '' } = object.metadata
    if (isThere && object.spec?.['nodeName']) {
      queue.remove(uid)
      cache.nominations.remove(uid)
      return tell(cache.setPod(object))
    }
    if (!isThere) {
      queue.remove(uid)
      cache.nominations.remove(uid)
      return tell(cache.removePod(uid))
    }
    // Its binding is on the way.
    if (cache.has(uid)) return
    const isOurs = object.spec?.['schedulerName'] === schedulerName
    const isWaiting = !hasEnded(object) && object.metadata.deletionTimestamp === undefined
    if (!isOurs || !isWaiting) {
      queue.remove(uid)
      cache.nominations.remove(uid)
      return
    }
    const pod = readPodInfo(object)
    if (pod.nominatedNodeName !== '') cache.nominations.set(pod, pod.nominatedNodeName)
    queue.update(pod)
  }
}

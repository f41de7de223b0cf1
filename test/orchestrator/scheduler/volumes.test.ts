import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { makeVolumeCache } from '../../../orchestrator/scheduler/cluster/volume-cache.ts'
import type { VolumeCache } from '../../../orchestrator/scheduler/cluster/volume-cache.ts'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { volumeBinding } from '../../../orchestrator/scheduler/plugins/volume-binding.ts'
import { schedulePod } from '../../../orchestrator/scheduler/schedule-pod.ts'
import { makeSnapshot } from '../../../orchestrator/scheduler/snapshot.ts'
import { makeNode, makePod } from './fixtures.ts'

const binding = { 'pv.kubernetes.io/bind-completed': 'yes' }

function claim(name: string, spec: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: name, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
    status: { phase: 'Pending' },
  }
}

function volume(name: string, node: string, storageClassName: string): KubeObject {
  const isHere = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      storageClassName,
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
    },
    status: { phase: 'Available' },
  }
}

function storageClass(name: string, provisioner: string, volumeBindingMode: string): KubeObject {
  const kind = 'StorageClass'
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind,
    metadata: { name },
    provisioner,
    volumeBindingMode,
  }
}

const none = 'kubernetes.io/no-provisioner'
const objects = [
  storageClass('now', 'x', 'Immediate'),
  storageClass('late', 'x', 'WaitForFirstConsumer'),
  storageClass('manual', none, 'WaitForFirstConsumer'),
  volume('on-n2', 'n2', 'manual'),
  claim('bound', { volumeName: 'on-n2' }, { annotations: binding }),
  claim('lost', { volumeName: 'gone' }, { annotations: binding }),
  claim('going', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  claim('unbound', { storageClassName: 'now' }),
  claim('late', { storageClassName: 'late' }),
  claim('manual', { storageClassName: 'manual' }),
  claim('large', { storageClassName: 'manual', resources: { requests: { storage: '9Gi' } } }),
  claim('alone', { storageClassName: 'late', accessModes: ['ReadWriteOncePod'] }),
]

function cacheOf(): VolumeCache {
  const cache = makeVolumeCache()
  for (const object of objects) cache.set(object)
  return cache
}

const using = (name: string, of = 'a'): PodInfo =>
  makePod(of, { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] } })

function attempt(pod: PodInfo, volumes: VolumeCache, others: PodInfo[] = []) {
  const nodes: NodeInfo[] = [makeNode('n1', {}, others), makeNode('n2')]
  const options = { plugins: choosePlugins(), percentageOfNodesToScore: 0, random: () => 0 }
  return { ...schedulePod(pod, makeSnapshot(nodes, { volumes }), 0, options), nodes }
}

t.test('where a pod may go because of its claims', async (t) => {
  const not = (why: string) => `0/2 nodes are available: ${why}.`
  const rows: { name: string; nodes?: string; message?: string; others?: PodInfo[] }[] = [
    { name: 'bound', nodes: 'n2' },
    { name: 'late', nodes: 'n1 n2' },
    { name: 'manual', nodes: 'n2' },
    { name: 'missing', message: not('persistentvolumeclaim "missing" not found') },
    { name: 'going', message: not('persistentvolumeclaim "going" is being deleted') },
    { name: 'unbound', message: not('pod has unbound immediate PersistentVolumeClaims') },
    {
      name: 'lost',
      message: not('2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'),
    },
    {
      name: 'large',
      message: not("2 node(s) didn't find available persistent volumes to bind"),
    },
    { name: 'alone', nodes: 'n1 n2' },
    {
      name: 'alone',
      others: [using('alone', 'b')],
      message: not(
        '2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
      ),
    },
  ]
  for (const { name, nodes, message, others } of rows) {
    const found = attempt(using(name), cacheOf(), others)
    t.equal(found.feasible.map((node) => node.name).join(' '), nodes ?? '', name)
    if (message !== undefined) t.ok(found.message?.startsWith(message), `${name}: ${found.message}`)
  }
  const far = makePod('a', {
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': 'n1' },
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'bound' } }],
    },
  })
  t.match(attempt(far, cacheOf()).message, /1 node\(s\) had volume node affinity conflict/)
})

t.test('what is promised to one pod is not given to another', async (t) => {
  const volumes = cacheOf()
  volumes.set(claim('other', { storageClassName: 'manual' }))
  const pod = using('manual')
  const { nodes, chosen } = attempt(pod, volumes)
  const reserved = volumeBinding.reserve?.(pod, chosen!, makeSnapshot(nodes, { volumes }))
  t.equal(attempt(using('other', 'b'), volumes).feasible.length, 0)
  t.equal(attempt(using('manual', 'b'), volumes).feasible.length, 1, 'the same claim may')
  const written: string[] = []
  await reserved?.beforeBinding?.({
    volume: async (object) => void written.push(`volume ${object.metadata.name}`),
    claim: async (object) => void written.push(`claim ${object.metadata.name}`),
    untilBound: async (keys) => void written.push(...keys),
  })
  t.same(written, ['volume on-n2', 'default/manual'])
  reserved?.undo()
  t.equal(attempt(using('other', 'b'), volumes).feasible.length, 1)
})

t.test('a claim is waited for until it is bound, goes, or the scheduler ends', async (t) => {
  const volumes = cacheOf()
  const waited = volumes.untilBound(['default/late'])
  volumes.set(claim('late', { volumeName: 'v' }, { annotations: binding }))
  await waited
  const gone = volumes.untilBound(['default/unbound'])
  volumes.remove(claim('unbound', {}))
  await t.rejects(gone)
  const ended = volumes.untilBound(['default/manual'])
  volumes.stop()
  await t.rejects(ended)
})

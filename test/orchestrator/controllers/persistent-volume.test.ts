import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import {
  defaultClass,
  localPathFolder,
  localPathProvisioner,
  selectedNode,
} from '../../../orchestrator/api/volumes/names.ts'
import { startEphemeralVolumeController } from '../../../orchestrator/controllers/ephemeral-volume/ephemeral-volume-controller.ts'
import { startLocalPathProvisioner } from '../../../orchestrator/controllers/local-path/local-path-provisioner.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { startPersistentVolumeController } from '../../../orchestrator/controllers/persistent-volume/persistent-volume-controller.ts'
import { planClaim } from '../../../orchestrator/controllers/persistent-volume/plan-claim.ts'
import type { ClaimView } from '../../../orchestrator/controllers/persistent-volume/plan-claim.ts'
import { planVolume } from '../../../orchestrator/controllers/persistent-volume/plan-volume.ts'
import {
  startClaimProtection,
  startVolumeProtection,
} from '../../../orchestrator/controllers/storage-protection/storage-protection.ts'
import { openCluster, readyNode } from './cluster-under-test.ts'

const all = [
  startPersistentVolumeController,
  startClaimProtection,
  startVolumeProtection,
  startLocalPathProvisioner,
  startEphemeralVolumeController,
]
const namespace = 'default'
const now = new Date('2026-01-01T00:00:00Z')

function makeClaim(name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
      storageClassName: '',
      ...spec,
    },
  }
}

function makeVolume(name: string, spec: object = {}, status: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels: { disk: 'ssd' } },
    spec: {
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      hostPath: { path: '/data' },
      ...spec,
    },
    status: { phase: 'Available', ...status },
  }
}

function makeClass(name: string, more: object = {}): KubeObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'example.com/disks',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    ...more,
  }
}

const reference = { kind: 'PersistentVolumeClaim', namespace, name: 'a' }
const delayed = makeClass('late', { volumeBindingMode: 'WaitForFirstConsumer' })

/** `takes`: which volume; `says`: reason of an event. */
const rows: {
  name: string
  claim: KubeObject
  volumes?: KubeObject[]
  classes?: KubeObject[]
  pods?: string[]
  takes?: string
  says?: string
  phase?: string
}[] = [
  {
    name: 'the smallest that is large enough',
    claim: makeClaim('a'),
    volumes: [
      makeVolume('large', { capacity: { storage: '5Gi' } }),
      makeVolume('fits', { capacity: { storage: '2Gi' } }),
      makeVolume('small', { capacity: { storage: '100Mi' } }),
    ],
    takes: 'fits',
  },
  {
    name: 'one that is reserved, though a smaller one is free',
    claim: makeClaim('a'),
    volumes: [
      makeVolume('free'),
      makeVolume('kept', { capacity: { storage: '9Gi' }, claimRef: reference }),
    ],
    takes: 'kept',
  },
  {
    name: 'none of another class, mode of access, kind or claim',
    claim: makeClaim('a'),
    volumes: [
      makeVolume('class', { storageClassName: 'fast' }),
      makeVolume('modes', { accessModes: ['ReadOnlyMany'] }),
      makeVolume('block', { volumeMode: 'Block' }),
      makeVolume('other', { claimRef: { ...reference, name: 'b' } }),
      makeVolume('released', {}, { phase: 'Released' }),
    ],
    says: 'FailedBinding',
    phase: 'Pending',
  },
  {
    name: 'the labels that it asks for',
    claim: makeClaim('a', { selector: { matchLabels: { disk: 'hdd' } } }),
    volumes: [makeVolume('ssd')],
    says: 'FailedBinding',
  },
  {
    name: 'the one that it names',
    claim: makeClaim('a', { volumeName: 'v' }),
    volumes: [makeVolume('u'), makeVolume('v')],
    takes: 'v',
  },
  {
    name: 'not the one that it names, which is too small',
    claim: makeClaim('a', { volumeName: 'v' }),
    volumes: [makeVolume('v', { capacity: { storage: '1Mi' } })],
    says: 'VolumeMismatch',
  },
  {
    name: 'not the one that it names, which is another one’s',
    claim: makeClaim('a', { volumeName: 'v' }),
    volumes: [makeVolume('v', { claimRef: { ...reference, name: 'b' } })],
    says: 'FailedBinding',
  },
  {
    name: 'no class of that name',
    claim: makeClaim('a', { storageClassName: 'gone' }),
    says: 'ProvisioningFailed',
  },
  {
    name: 'a class whose volumes people make',
    claim: makeClaim('a', { storageClassName: 'manual' }),
    classes: [makeClass('manual', { provisioner: 'kubernetes.io/no-provisioner' })],
    says: 'ProvisioningFailed',
  },
  {
    name: 'somebody else makes it',
    claim: makeClaim('a', { storageClassName: 'fast' }),
    classes: [makeClass('fast')],
    says: 'ExternalProvisioning',
  },
  {
    name: 'it waits for a pod, though a volume is free',
    claim: makeClaim('a', { storageClassName: 'late' }),
    classes: [delayed],
    volumes: [makeVolume('free', { storageClassName: 'late' })],
    says: 'WaitForFirstConsumer',
  },
  {
    name: 'there is a pod, which has no node',
    claim: makeClaim('a', { storageClassName: 'late' }),
    classes: [delayed],
    pods: ['web'],
    says: 'WaitForPodScheduled',
  },
  {
    name: 'the pod has a node',
    claim: makeClaim('a', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'n1' } }),
    classes: [delayed],
    says: 'ExternalProvisioning',
  },
  {
    name: 'its volume is gone',
    claim: makeClaim(
      'a',
      { volumeName: 'v' },
      { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    ),
    says: 'ClaimLost',
    phase: 'Lost',
  },
]

t.test('what a claim gets', async (t) => {
  for (const { name, claim, volumes = [], classes = [], pods = [], ...wanted } of rows) {
    const view: ClaimView = {
      claim,
      volumes,
      volume: (of) => volumes.find(({ metadata }) => metadata.name === of),
      storageClass: (of) => classes.find(({ metadata }) => metadata.name === of),
      defaultClass: undefined,
      waitingPods: pods,
      now,
    }
    const { writes } = planClaim(view)
    const taken = writes.find(({ verb }) => verb === 'update')
    const object = taken?.verb === 'update' ? taken.object : undefined
    const remarks = writes.flatMap((write) =>
      write.verb === 'remark' ? [write.remark.reason] : [],
    )
    t.equal(
      object?.kind === 'PersistentVolume' ? object.metadata.name : undefined,
      wanted.takes,
      name,
    )
    t.same(remarks, wanted.says === undefined ? [] : [wanted.says], name)
    if (wanted.phase !== undefined)
      t.equal(
        writes.flatMap((write) =>
          write.verb === 'update' ? [write.object.status?.['phase']] : [],
        )[0],
        wanted.phase,
        name,
      )
  }
})

t.test('a claim without a class gets the default one', async (t) => {
  const claim = makeClaim('a', { storageClassName: undefined })
  const view = { claim, volumes: [], volume: () => undefined, storageClass: () => undefined }
  const plan = planClaim({ ...view, defaultClass: 'fast', waitingPods: [], now })
  t.match(plan.writes, [{ verb: 'update', object: { spec: { storageClassName: 'fast' } } }])
})

t.test('what becomes of a volume', async (t) => {
  const claimRef = { ...reference, uid: 'u1' }
  const mine = makeClaim('a', { volumeName: 'v' }, { uid: 'u1' })
  const made = { 'pv.kubernetes.io/provisioned-by': localPathProvisioner }
  const named = (more: object, phase: string, annotations: object = {}): KubeObject => {
    const volume = makeVolume('v', { claimRef, ...more }, { phase })
    return { ...volume, metadata: { ...volume.metadata, annotations: { ...annotations } } }
  }
  const deletes = { persistentVolumeReclaimPolicy: 'Delete' }
  const table: [string, KubeObject, KubeObject | undefined, object[]][] = [
    [
      'free',
      makeVolume('v', {}, { phase: 'Pending' }),
      undefined,
      [{ object: { status: { phase: 'Available' } } }],
    ],
    ['taken', named({}, 'Available'), mine, [{ object: { status: { phase: 'Bound' } } }]],
    [
      'its claim is gone: first that is said',
      named(deletes, 'Bound', made),
      undefined,
      [{ object: { status: { phase: 'Released' } } }],
    ],
    [
      'another claim of that name',
      named({}, 'Bound'),
      makeClaim('a', {}, { uid: 'u2' }),
      [{ object: { status: { phase: 'Released' } } }],
    ],
    ['then it goes', named(deletes, 'Released', made), undefined, [{ verb: 'delete' }]],
    [
      'others take theirs away',
      named(deletes, 'Released', { 'pv.kubernetes.io/provisioned-by': 'x' }),
      undefined,
      [],
    ],
    [
      'nobody made it',
      named(deletes, 'Released'),
      undefined,
      [{ object: { status: { phase: 'Failed' } } }, { remark: { reason: 'VolumeFailedDelete' } }],
    ],
    ['kept', named({}, 'Released'), undefined, []],
    [
      'recycled by nobody',
      named({ persistentVolumeReclaimPolicy: 'Recycle' }, 'Released'),
      undefined,
      [{ object: { status: { phase: 'Failed' } } }, { remark: { reason: 'VolumeFailedRecycle' } }],
    ],
  ]
  for (const [name, volume, claim, writes] of table) {
    const plan = planVolume({ volume, claim: () => claim, now })
    t.match(plan.writes, writes, name)
    t.equal(plan.writes.length, writes.length, name)
  }
})

t.test('a claim of the class that is there from the beginning', async (t) => {
  const { client, until } = await openCluster(t, all)
  const node = readyNode('n1')
  node.metadata.annotations = { [localPathFolder]: '/var/lib/x/storage' }
  await client.create(node)
  const made = await client.create(makeClaim('data', { storageClassName: undefined }))
  t.equal(made.spec?.['storageClassName'], 'local-path', 'admission gives it')
  t.same(made.metadata.finalizers, ['kubernetes.io/pvc-protection'])
  const of = { name: 'data', namespace }
  // As the scheduler does.
  await client.patch(kinds.claim, of, 'merge', {
    metadata: { annotations: { [selectedNode]: 'n1' } },
  })
  await until(kinds.claim, ([claim]) => claim?.status?.['phase'] === 'Bound')
  const [volume] = await until(kinds.volume, ([one]) => one?.status?.['phase'] === 'Bound')
  t.match(volume, {
    metadata: { name: `pvc-${made.metadata.uid}`, finalizers: ['kubernetes.io/pv-protection'] },
    spec: {
      local: { path: `/var/lib/x/storage/pvc-${made.metadata.uid}_default_data` },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'local-path',
      claimRef: { uid: made.metadata.uid },
    },
  })
  await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'user', namespace },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'x' }],
      volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
    },
  })
  await client.delete(kinds.claim, of)
  const [going] = await until(
    kinds.claim,
    ([claim]) => claim?.metadata.deletionTimestamp !== undefined,
  )
  t.ok(going, 'a pod has it')
  await client.delete(kinds.pod, { name: 'user', namespace }, { gracePeriodSeconds: 0 })
  await until(kinds.claim, (claims) => claims.length === 0)
  await until(kinds.volume, (volumes) => volumes.length === 0)
})

t.test('a claim that a pod brings along', async (t) => {
  const { client, until } = await openCluster(t, all)
  const { spec } = makeClaim('x', { storageClassName: 'manual' })
  const pod = await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace },
    spec: {
      containers: [{ name: 'c', image: 'x' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: spec ?? {} } } }],
    },
  })
  const [claim] = await until(kinds.claim, (claims) => claims.length === 1)
  t.match(claim?.metadata, { name: 'p-scratch', ownerReferences: [{ uid: pod.metadata.uid }] })
  await client.create(makeVolume('v', { storageClassName: 'manual' }))
  await until(kinds.volume, ([volume]) => volume?.status?.['phase'] === 'Bound')
})

t.test('classes', async (t) => {
  const { client } = await openCluster(t, [])
  const [first] = (await client.list(kinds.storageClass)).items
  t.match(first, {
    metadata: { name: 'local-path', annotations: { [defaultClass]: 'true' } },
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  await client.create(makeClaim('c', { storageClassName: 'local-path' }))
  const more = { spec: { resources: { requests: { storage: '2Gi' } } } }
  await t.rejects(client.patch(kinds.claim, { name: 'c', namespace }, 'merge', more), /forbidden/)
})

t.test('what cannot be a claim or a volume', async (t) => {
  const { client } = await openCluster(t, [])
  const refused: [KubeObject, RegExp][] = [
    [makeClaim('a', { accessModes: [] }), /at least 1 access mode is required/],
    [makeClaim('a', { resources: {} }), /spec.resources\[storage\]: Required/],
    [makeVolume('a', { hostPath: undefined }), /must specify a volume type/],
    [makeVolume('a', { nfs: { server: 'x', path: '/' } }), /may not specify more than 1 volume/],
    [makeVolume('a', { hostPath: undefined, local: { path: '/x' } }), /requires node affinity/],
  ]
  for (const [object, message] of refused) await t.rejects(client.create(object), message)
  await client.create(makeClaim('a', { storageClassName: 'x' }))
  const of = { name: 'a', namespace }
  await t.rejects(
    client.patch(kinds.claim, of, 'merge', { spec: { storageClassName: 'y' } }),
    /immutable after creation/,
  )
  await client.patch(kinds.claim, of, 'merge', { spec: { volumeName: 'v' } })
})

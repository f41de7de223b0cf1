import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { JsonObject, KubeObject } from '../../orchestrator/api/object.ts'
import { containerMounts } from '../../orchestrator/node/volumes/container-mounts.ts'
import { mountPointsBelow } from '../../orchestrator/node/volumes/mounted.ts'
import { exceededLimit } from '../../orchestrator/node/volumes/empty-dir-limit.ts'
import {
  limitedEmptyDirs,
  removePodVolumes,
  updatePodVolumes,
} from '../../orchestrator/node/volumes/pod-volumes.ts'
import { facts, noStorage, podWith, sourcesOf } from '../orchestrator/node/pod-fixture.ts'
import { container, podFolder } from './pod-folder.ts'

const tmpfsMagic = 0x01021994

const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'keys', namespace: 'shop' },
  data: { key: Buffer.from('one').toString('base64') },
}

const configMap: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop' },
  data: { color: 'blue' },
}

t.test('volumes of every type, updated, and gone without a trace', async (t) => {
  const folder = podFolder(t)
  const hostFolder = join(folder, 'host/new')
  const names = ['secret', 'config', 'scratch', 'memory', 'host']
  const web = container(names.map((name) => ({ name, mountPath: `/${name}` })))
  const pod = podWith({
    securityContext: { fsGroup: 4242 },
    containers: [web],
    volumes: [
      { name: 'secret', secret: { secretName: 'keys', defaultMode: 0o400 } },
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'scratch', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      { name: 'host', hostPath: { path: hostFolder, type: 'DirectoryOrCreate' } },
      { name: 'unused', secret: { secretName: 'nope' } },
    ],
  })
  const objects = [structuredClone(secret), structuredClone(configMap)]
  const wish = { pod, folder, facts, sources: sourcesOf(objects), storage: noStorage }
  const { paths, failures } = await updatePodVolumes(wish)
  t.same(failures, [])
  const at = (name: string): string => paths.get(name) ?? ''
  t.equal(statfsSync(at('secret')).type, tmpfsMagic, 'a secret is in memory')
  t.equal(statfsSync(at('memory')).type, tmpfsMagic)
  t.equal(statfsSync(at('memory')).bsize * statfsSync(at('memory')).blocks, 1024 * 1024)
  t.match(statSync(join(at('secret'), 'key')), { gid: 4242, mode: 0o100440 })
  t.match(statSync(at('scratch')), { gid: 4242, mode: 0o42777 })
  t.ok(existsSync(hostFolder))
  t.same(
    containerMounts({ pod, container: web, folder, paths, variables: [] }).map((it) => [
      it.destination,
      it.readOnly,
    ]),
    [
      ['/secret', true],
      ['/config', true],
      ['/scratch', false],
      ['/memory', false],
      ['/host', false],
    ],
  )

  writeFileSync(join(at('scratch'), 'kept'), 'x')
  objects[0]!['data'] = { key: Buffer.from('two').toString('base64') }
  const again = await updatePodVolumes(wish)
  t.same([...again.paths], [...paths])
  t.equal(readFileSync(join(at('secret'), 'key'), 'utf8'), 'two')
  t.ok(existsSync(join(at('scratch'), 'kept')))
  t.equal(mountPointsBelow(folder).length, 2, 'nothing is mounted twice')

  objects.length = 0
  const late = await updatePodVolumes(wish)
  t.same(late.failures, [], 'what is there stays')
  t.same(
    late.stale.map(({ volume }) => volume),
    ['secret', 'config'],
  )
  t.same([...late.paths], [...paths])
  t.equal(readFileSync(join(at('secret'), 'key'), 'utf8'), 'two')

  removePodVolumes(folder)
  t.same(mountPointsBelow(folder), [])
  t.same(readdirSync(folder), ['host'], 'what the node owns stays')
  removePodVolumes(folder)
})

const failing: { name: string; volume: JsonObject; why: string }[] = [
  {
    name: 'no such Secret',
    volume: { secret: { secretName: 'nope' } },
    why: 'secret "nope" not found',
  },
  {
    name: 'a host path of another type',
    volume: { hostPath: { path: '/etc', type: 'File' } },
    why: 'hostPath type check failed: /etc is not a file',
  },
  {
    name: 'a host path that is not there',
    volume: { hostPath: { path: '/nowhere', type: 'Directory' } },
    why: 'hostPath type check failed: /nowhere is not a directory',
  },
  { name: 'a type that is not there', volume: { nfs: {} }, why: 'no volume plugin matched' },
]

for (const { name, volume, why } of failing)
  t.test(`says what is wrong: ${name}`, async (t) => {
    const pod = podWith({
      containers: [container([{ name: 'v', mountPath: '/v' }])],
      volumes: [{ name: 'v', ...volume }],
    })
    const wish = { pod, folder: podFolder(t), facts, sources: sourcesOf([]), storage: noStorage }
    const { failures } = await updatePodVolumes(wish)
    t.same(failures, [{ volume: 'v', message: `MountVolume.SetUp failed for volume "v" : ${why}` }])
  })

t.test('an emptyDir that outgrows its limit', async (t) => {
  const pod = podWith({
    containers: [container([{ name: 'v', mountPath: '/v' }])],
    volumes: [{ name: 'v', emptyDir: { sizeLimit: '100Ki' } }],
  })
  const wish = { pod, folder: podFolder(t), facts, sources: sourcesOf([]), storage: noStorage }
  const { paths } = await updatePodVolumes(wish)
  const limits = limitedEmptyDirs(pod, paths)
  mkdirSync(join(paths.get('v') ?? '', 'deep'))
  writeFileSync(join(paths.get('v') ?? '', 'deep/a'), Buffer.alloc(60 * 1024, 1))
  t.equal(await exceededLimit(limits), undefined)
  symlinkSync('/', join(paths.get('v') ?? '', 'root'))
  writeFileSync(join(paths.get('v') ?? '', 'b'), Buffer.alloc(60 * 1024, 1))
  t.equal(await exceededLimit(limits), 'Usage of EmptyDir volume "v" exceeds the limit "100Ki". ')
})

t.test('claims: where their volumes are, and what is said where they are not', async (t) => {
  const folder = podFolder(t)
  const data = join(folder, 'data')
  mkdirSync(join(data, 'deep'), { recursive: true })
  writeFileSync(join(data, 'deep/file'), 'x', { mode: 0o600 })
  symlinkSync('/etc/passwd', join(data, 'link'))
  const claimNamed = (name: string, volumeName: string, phase = 'Bound'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'shop', uid: name },
    spec: { volumeName },
    status: { phase },
  })
  const volumeOf = (name: string, claim: string, spec: JsonObject): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { claimRef: { uid: claim }, ...spec },
  })
  const objects = [
    claimNamed('own', 'local'),
    volumeOf('local', 'own', { local: { path: data } }),
    claimNamed('waits', '', 'Pending'),
    claimNamed('stolen', 'local'),
    claimNamed('far', 'net'),
    volumeOf('net', 'far', { nfs: { server: 'x', path: '/' } }),
    claimNamed('empty', 'missing'),
    volumeOf('missing', 'empty', { local: { path: join(folder, 'nowhere') } }),
  ]
  const podOf = (claimName: string): KubeObject =>
    podWith({
      securityContext: { fsGroup: 4242 },
      containers: [container([{ name: 'v', mountPath: '/v' }])],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
    })
  const update = (claimName: string, in_ = folder) =>
    updatePodVolumes({
      pod: podOf(claimName),
      folder: in_,
      facts,
      sources: sourcesOf(objects),
      storage: noStorage,
    })
  const { paths, failures } = await update('own')
  t.same([[...paths], failures], [[['v', data]], []])
  t.match(statSync(data), { gid: 4242, mode: 0o42775 })
  t.match(statSync(join(data, 'deep/file')), { gid: 4242, mode: 0o100660 })
  t.not(statSync('/etc/passwd').gid, 4242, 'links are not followed')
  objects.length = 2
  objects.shift()
  t.same([...(await update('own')).paths], [['v', data]], 'known without the API')
  removePodVolumes(folder)
  t.ok(existsSync(join(data, 'deep/file')), 'what was written stays')
  const rows: [string, RegExp][] = [
    ['waits', /processing PVC shop\/waits: PVC is not bound/],
    ['none', /persistentvolumeclaims "none" not found/],
    ['stolen', /unexpected pvc.Spec.ClaimRef.UID \("own"\)/],
    ['far', /no volume plugin matched/],
    ['empty', /SetUp failed for volume "missing" : path ".*nowhere" does not exist/],
  ]
  objects.splice(
    0,
    1,
    claimNamed('waits', '', 'Pending'),
    volumeOf('local', 'own', {}),
    claimNamed('stolen', 'local'),
    claimNamed('far', 'net'),
    volumeOf('net', 'far', { nfs: { server: 'x', path: '/' } }),
    claimNamed('empty', 'missing'),
    volumeOf('missing', 'empty', { local: { path: join(folder, 'nowhere') } }),
  )
  for (const [name, message] of rows)
    t.match((await update(name, podFolder(t))).failures, [{ volume: 'v', message }], name)
})

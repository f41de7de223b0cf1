import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
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

const tmpfsMagic = 0x01021994

function podFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pod-volumes-')))
  t.teardown(() => {
    removePodVolumes(folder)
    rmSync(folder, { recursive: true })
  })
  return folder
}

function container(mounts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { name: 'web', volumeMounts: mounts, ...more }
}

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

async function mountSubPath(
  t: Test,
  mount: JsonObject,
  fill: (volume: string) => void,
): Promise<{ source: string; folder: string }> {
  const folder = podFolder(t)
  const web = container([{ name: 'v', mountPath: '/v', ...mount }])
  const pod = podWith({ containers: [web], volumes: [{ name: 'v', emptyDir: {} }] })
  const { paths } = await updatePodVolumes({
    pod,
    folder,
    facts,
    sources: sourcesOf([]),
    storage: noStorage,
  })
  fill(paths.get('v') ?? '')
  const variables = [{ name: 'POD', value: 'web-1' }]
  const [made] = containerMounts({ pod, container: web, folder, paths, variables })
  return { source: made?.source ?? '', folder }
}

const subPaths: {
  name: string
  mount: JsonObject
  fill: (volume: string) => void
  file: string
}[] = [
  {
    name: 'a folder that is there',
    mount: { subPath: 'a/b' },
    fill: (volume) => {
      mkdirSync(join(volume, 'a/b'), { recursive: true })
      writeFileSync(join(volume, 'a/b/mark'), '')
    },
    file: 'mark',
  },
  {
    name: 'a single file',
    mount: { subPath: 'mark' },
    fill: (volume) => writeFileSync(join(volume, 'mark'), ''),
    file: '',
  },
  {
    name: 'a link that stays in the volume',
    mount: { subPath: 'link' },
    fill: (volume) => {
      mkdirSync(join(volume, 'real'))
      writeFileSync(join(volume, 'real/mark'), '')
      symlinkSync('./real', join(volume, 'link'))
    },
    file: 'mark',
  },
  {
    name: 'a folder that is made, named by a variable',
    mount: { subPathExpr: 'x/$(POD)' },
    fill: () => undefined,
    file: '.',
  },
]

for (const { name, mount, fill, file } of subPaths)
  t.test(`a sub path: ${name}`, async (t) => {
    const { source, folder } = await mountSubPath(t, mount, fill)
    t.ok(existsSync(join(source, file)))
    t.same(mountPointsBelow(folder), [source])
    if (file === '.') t.equal(statSync(source).mode & 0o777, 0o777, 'as writable as the volume')
  })

const escapes: { name: string; mount: JsonObject; fill: (volume: string) => void }[] = [
  {
    name: 'a link to the root',
    mount: { subPath: 'l' },
    fill: (v) => symlinkSync('/', join(v, 'l')),
  },
  {
    name: 'a link to a file of the node',
    mount: { subPath: 'l' },
    fill: (v) => symlinkSync('/etc/shadow', join(v, 'l')),
  },
  {
    name: 'a link upwards',
    mount: { subPath: 'l' },
    fill: (v) => symlinkSync('../..', join(v, 'l')),
  },
  {
    name: 'a link in the middle, to where a folder would be made',
    mount: { subPath: 'l/made' },
    fill: (v) => symlinkSync('../../..', join(v, 'l')),
  },
  {
    name: 'a link of /proc',
    mount: { subPath: 'l' },
    fill: (v) => symlinkSync('/proc/self/root', join(v, 'l')),
  },
  {
    name: 'a link that leads nowhere',
    mount: { subPath: 'l/x' },
    fill: (v) => symlinkSync('gone', join(v, 'l')),
  },
  { name: 'dots', mount: { subPath: '../x' }, fill: () => undefined },
  { name: 'an absolute path', mount: { subPath: '/etc' }, fill: () => undefined },
  {
    name: 'a variable that is not there',
    mount: { subPathExpr: '$(NOPE)' },
    fill: () => undefined,
  },
]

for (const { name, mount, fill } of escapes)
  t.test(`a sub path does not lead out (CVE-2017-1002101): ${name}`, async (t) => {
    let volume = ''
    const attempt = mountSubPath(t, mount, (path) => fill((volume = path)))
    await t.rejects(attempt)
    const folder = join(volume, '../../..')
    t.same(mountPointsBelow(folder), [], 'nothing is mounted')
    t.notOk(existsSync(join(volume, '../made')), 'nothing is made outside')
  })

t.test(
  'a sub path that changes hands all the time is the volume or nothing (CVE-2021-25741)',
  async (t) => {
    const folder = podFolder(t)
    const web = container([{ name: 'v', mountPath: '/v', subPath: 'turn/in' }])
    const pod = podWith({ containers: [web], volumes: [{ name: 'v', emptyDir: {} }] })
    const { paths } = await updatePodVolumes({
      pod,
      folder,
      facts,
      sources: sourcesOf([]),
      storage: noStorage,
    })
    const volume = paths.get('v') ?? ''
    const outside = join(folder, 'outside')
    mkdirSync(join(outside, 'in'), { recursive: true })
    writeFileSync(join(outside, 'in/stolen'), '')
    mkdirSync(join(volume, 'real/in'), { recursive: true })
    // Before anybody looks: a folder would be made of a name that is not there.
    symlinkSync('real', join(volume, 'turn'))
    const { Worker } = await import('node:worker_threads')
    const script = `
    const { renameSync, rmSync, symlinkSync, unlinkSync } = require('node:fs')
    const { workerData: { volume, outside }, parentPort } = require('node:worker_threads')
    parentPort.postMessage('turning')
    for (;;) {
      try { symlinkSync(outside, volume + '/next'); renameSync(volume + '/next', volume + '/turn') } catch {}
      try { symlinkSync('real', volume + '/next'); renameSync(volume + '/next', volume + '/turn') } catch {}
    }`
    const worker = new Worker(script, { eval: true, workerData: { volume, outside } })
    t.teardown(() => worker.terminate())
    await new Promise((resolve) => worker.once('message', resolve))
    let bound = 0
    let refused = 0
    const deadline = performance.now() + 10_000
    const isOpen = (round: number): boolean => round < 300 || bound === 0 || refused === 0
    for (let round = 0; isOpen(round) && performance.now() < deadline; round++)
      try {
        const [made] = containerMounts({ pod, container: web, folder, paths, variables: [] })
        bound++
        if (existsSync(join(made?.source ?? '', 'stolen'))) t.fail('it got out')
      } catch {
        refused++
      }
    t.ok(bound > 0, 'some were good')
    t.ok(refused > 0, 'some were caught')
  },
)

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

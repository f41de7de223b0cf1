import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../../orchestrator/api/object.ts'
import { containerMounts } from '../../orchestrator/node/volumes/container-mounts.ts'
import { mountPointsBelow } from '../../orchestrator/node/volumes/mounted.ts'
import { updatePodVolumes } from '../../orchestrator/node/volumes/pod-volumes.ts'
import { facts, noStorage, podWith, sourcesOf } from '../orchestrator/node/pod-fixture.ts'
import { container, podFolder } from './pod-folder.ts'

// Sub paths of volumes: what a pod has put there is hostile input.

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

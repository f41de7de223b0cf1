import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pushBlob, pushImage, randomBlob } from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { codesOf, locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

t.test(
  'a full disk is a clean refusal; nothing half-stored is left, and it goes on after',
  async (t) => {
    const root = join(testFolder(t), 'state')
    mkdirSync(root)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', root])
    t.teardown(() => execFileSync('umount', ['--lazy', root]))
    const { url, errors } = await startRegistry(t, root)
    const manifest = await pushImage(url, 'disk', 'v1', [randomBlob(4_000_000)])

    const large = randomBlob(9_000_000)
    const started = await send(url, 'POST', '/v2/disk/blobs/uploads/')
    const refused = await send(url, 'PUT', locationPath(started, url, { digest: large.digest }), {
      body: large.bytes,
    })
    t.equal(refused.status, 507)
    t.same(codesOf(refused), ['DENIED'])
    t.equal((await send(url, 'HEAD', `/v2/disk/blobs/${large.digest}`)).status, 404)
    t.same(readdirSync(join(root, 'data/uploads')), [], 'its bytes are gone')

    t.equal((await send(url, 'GET', `/v2/disk/manifests/${manifest.digest}`)).status, 200)
    const small = randomBlob(2_000_000)
    await pushBlob(url, 'disk', small)
    const pulled = await send(url, 'GET', `/v2/disk/blobs/${small.digest}`)
    t.ok(pulled.body.equals(small.bytes))
    t.equal(errors().match(/myimage: serve/g), null, 'a full disk is no defect')
  },
)

t.test('many uploads meet the end of the disk at once', async (t) => {
  const root = join(testFolder(t), 'state')
  mkdirSync(root)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', root])
  t.teardown(() => execFileSync('umount', ['--lazy', root]))
  const { url } = await startRegistry(t, root)
  const blobs = Array.from({ length: 8 }, () => randomBlob(3_000_000))
  const answers = await Promise.all(
    blobs.map((blob) =>
      send(url, 'POST', `/v2/disk/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes }),
    ),
  )
  const statuses = answers.map(({ status }) => status)
  t.ok(
    statuses.every((status) => status === 201 || status === 507),
    String(statuses),
  )
  t.ok(statuses.includes(507))
  for (const [at, blob] of blobs.entries()) {
    const pulled = await send(url, 'GET', `/v2/disk/blobs/${blob.digest}`)
    if (statuses[at] === 201) t.ok(pulled.body.equals(blob.bytes))
    else t.equal(pulled.status, 404)
  }
  t.same(readdirSync(join(root, 'data/uploads')), [])
})

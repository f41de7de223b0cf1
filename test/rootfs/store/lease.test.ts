import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addLayer } from '../../../rootfs/store/add-layer.ts'
import { dropContent, keepContent } from '../../../rootfs/store/content-roots.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import { beginBlob, hasBlob, openUpload, uploadSize } from '../../../rootfs/store/ingest-blob.ts'
import { notePath } from '../../../rootfs/store/layer-note.ts'
import { withLease } from '../../../rootfs/store/lease.ts'
import { layerFolder } from '../../../rootfs/store/store-folders.ts'
import { sweepContent } from '../../../rootfs/store/sweep-content.ts'
import { storeBlob } from '../../../rootfs/store/write-blob.ts'
import { buildTar } from '../layer/tar-builder.ts'

function newStore(t: Test): ImageStore {
  const base = mkdtempSync(join(tmpdir(), 'lease-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  return store
}

function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

t.test('content is kept while a lease holds it, and goes with it', async (t) => {
  const store = newStore(t)
  const digest = await withLease(store, async (lease) => {
    const stored = await storeBlob(lease, Buffer.from('content'))
    await sweepContent(store)
    t.ok(hasBlob(store.folders, stored), 'a sweep of the same process')
    return stored
  })
  t.ok(hasBlob(store.folders, digest), 'nothing sweeps by itself')
  const { freed } = await sweepContent(store)
  t.equal(freed, 'content'.length)
  t.notOk(hasBlob(store.folders, digest))
  t.strictSame(readdirSync(store.folders.temporary), [])
  t.strictSame(readdirSync(store.folders.locks), [])
})

t.test('what was there before it was held stays as well', async (t) => {
  const store = newStore(t)
  const digest = await withLease(store, (lease) => storeBlob(lease, Buffer.from('old')))
  await withLease(store, async (lease) => {
    await lease.hold(digest)
    await sweepContent(store)
    t.ok(hasBlob(store.folders, digest))
  })
})

t.test('a killed process holds nothing', async (t) => {
  const store = newStore(t)
  const source = join(import.meta.dirname, '../../../rootfs/store')
  const script = `
    import { openImageStore } from ${JSON.stringify(join(source, 'image-store.ts'))}
    import { takeLease } from ${JSON.stringify(join(source, 'lease.ts'))}
    import { storeBlob } from ${JSON.stringify(join(source, 'write-blob.ts'))}
    const store = openImageStore(${JSON.stringify({ dataDir: store.folders.root, runDir: store.runDir })})
    const lease = await takeLease(store)
    console.log(await storeBlob(lease, Buffer.from('of the dead')))
    setInterval(() => undefined, 1000)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const digest = line.toString().trim()
  await sweepContent(store)
  t.ok(hasBlob(store.folders, digest), 'as long as it lives')
  child.kill('SIGKILL')
  await once(child, 'close')
  await sweepContent(store)
  t.notOk(hasBlob(store.folders, digest))
  t.strictSame(readdirSync(store.folders.temporary), [])
})

t.test('a blob that was cut off goes on where it ended', async (t) => {
  const store = newStore(t)
  const content = Buffer.from('0123456789'.repeat(1000))
  const digest = digestOf(content)
  await withLease(store, async (lease) => {
    const first = await beginBlob(lease, digest)
    first?.append(content.subarray(0, 4000))
    first?.suspend()
  })
  await sweepContent(store)
  await withLease(store, async (lease) => {
    const second = await beginBlob(lease, digest)
    t.equal(second?.size, 4000)
    second?.append(content.subarray(4000))
    await second?.commit({ digest, size: content.length })
    second?.suspend()
    t.equal(await beginBlob(lease, digest), undefined, 'it is here now')
  })
  t.strictSame(readFileSync(join(store.folders.blobs, digest.slice(7))), content)
})

t.test('a blob that begins again, or turns out to be another', async (t) => {
  const store = newStore(t)
  const digest = digestOf('right')
  await withLease(store, async (lease) => {
    const ingest = await beginBlob(lease, digest)
    ingest?.append(Buffer.from('wrong bytes'))
    ingest?.restart()
    ingest?.append(Buffer.from('right'))
    await ingest?.commit({ digest })
    const rows: [name: string, expected: { digest: string; size?: number }][] = [
      ['another digest', { digest: digestOf('b') }],
      ['another size', { digest: digestOf('a'), size: 2 }],
    ]
    for (const [name, expected] of rows) {
      const bad = await openUpload(lease, 'bad')
      bad.append(Buffer.from('a'))
      await t.rejects(bad.commit(expected), { code: 'INVALID_IMAGE' }, name)
      t.equal(uploadSize(store.folders, 'bad'), undefined, 'it was thrown away')
    }
  })
  t.strictSame(readdirSync(store.folders.blobs), [digest.slice(7)])
})

t.test('two that bring the same blob do it once', async (t) => {
  const store = newStore(t)
  const content = Buffer.from('shared')
  const digest = digestOf(content)
  let brought = 0
  const bring = (): Promise<void> =>
    withLease(store, async (lease) => {
      const ingest = await beginBlob(lease, digest)
      if (!ingest) return
      brought++
      await new Promise(setImmediate)
      ingest.append(content)
      await ingest.commit({ digest, size: content.length })
    })
  await Promise.all(Array.from({ length: 8 }, bring))
  t.equal(brought, 1)
})

t.test('an upload belongs to one at a time and outlives its process', async (t) => {
  const store = newStore(t)
  await withLease(store, async (lease) => {
    const upload = await openUpload(lease, 'one')
    await t.rejects(openUpload(lease, 'one'), { code: 'LOCKED' })
    upload.append(Buffer.from('abc'))
    upload.suspend()
    t.equal(uploadSize(store.folders, 'one'), 3)
    await t.rejects(openUpload(lease, '../x'), { code: 'INVALID_ARGUMENT' })
  })
  await sweepContent(store)
  t.equal(uploadSize(store.folders, 'one'), 3, 'for a day')
  const [name = ''] = readdirSync(store.folders.temporary)
  utimesSync(join(store.folders.temporary, name), 1, 1)
  await withLease(store, async (lease) => {
    const upload = await openUpload(lease, 'one')
    await sweepContent(store)
    t.equal(uploadSize(store.folders, 'one'), 3, 'as long as somebody has it open')
    upload.suspend()
  })
  await sweepContent(store)
  t.equal(uploadSize(store.folders, 'one'), undefined)
})

t.test('a root keeps what its documents name, in turn', async (t) => {
  const store = newStore(t)
  const digests = await withLease(store, async (lease) => {
    const blob = await storeBlob(lease, Buffer.from('layer'))
    const config = await storeBlob(lease, Buffer.from('{}'))
    const stray = await storeBlob(lease, Buffer.from('stray'))
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: { digest: config },
      layers: [{ digest: blob }],
    })
    const inner = await storeBlob(lease, Buffer.from(manifest))
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [{ digest: inner }, { digest: digestOf('not here') }],
    })
    const root = await storeBlob(lease, Buffer.from(index))
    keepContent(store.database(), 'registry:app', root)
    return { blob, config, inner, root, stray }
  })
  const { stray, ...kept } = digests
  await sweepContent(store)
  for (const [name, digest] of Object.entries(kept)) t.ok(hasBlob(store.folders, digest), name)
  t.notOk(hasBlob(store.folders, stray))
  dropContent(store.database(), 'registry:app', digests.root)
  await sweepContent(store)
  t.strictSame(readdirSync(store.folders.blobs), [])
})

t.test('a layer that a power cut may have damaged is unpacked again', async (t) => {
  const store = newStore(t)
  const tar = buildTar([{ name: 'f', content: 'whole' }])
  const source = { size: tar.length, pieces: () => [tar] }
  await withLease(store, async (lease) => {
    const options = { source, diffId: digestOf(tar), below: [], onNote: () => undefined }
    const { chainId } = await addLayer(lease, options)
    const file = join(layerFolder(store.folders, chainId), 'f')
    const path = notePath(store.folders, chainId)
    const note = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    t.ok(note['unsyncedSince'], 'nobody made sure of it yet')
    writeFileSync(file, '')
    await addLayer(lease, options)
    t.equal(readFileSync(file, 'utf8'), '', 'in the same boot it is believed')
    writeFileSync(path, JSON.stringify({ ...note, unsyncedSince: 'an earlier boot' }))
    await addLayer(lease, options)
    t.equal(readFileSync(file, 'utf8'), 'whole')
    t.ok(existsSync(path))
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { importRootTarball } from '../../../rootfs/import/import-root-tarball.ts'
import { loadImages } from '../../../rootfs/import/load-images.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import { readMergedFile } from '../../../rootfs/store/read-merged-file.ts'
import { pruneImages, removeImage } from '../../../rootfs/store/remove-image.ts'
import { type BuiltMember, buildTar } from '../layer/tar-builder.ts'

interface Bench {
  readonly base: string
  readonly store: ImageStore
  readonly add: (reference: string | undefined, members: readonly BuiltMember[]) => Promise<string>
}

function bench(t: Test): Bench {
  const base = mkdtempSync(join(tmpdir(), 'store-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  return {
    base,
    store,
    async add(reference, members) {
      const input = join(base, 'root.tar')
      writeFileSync(input, buildTar(members))
      const image = await importRootTarball(store, { input, reference, changes: ['CMD ["x"]'] })
      return image.id
    },
  }
}

t.test('a store that was never used finds nothing and makes nothing', async (t) => {
  const { store } = bench(t)
  t.equal(store.find('alpine'), undefined)
  t.strictSame(store.list(), [])
  t.notOk(existsSync(store.folders.root))
})

t.test('finds an image by every way to name it', async (t) => {
  const { store, add } = bench(t)
  const passwd = 'root:x:0:0::/:/bin/sh\n'
  const id = await add('localhost/app:1', [{ name: 'etc/passwd', content: passwd }])
  const hex = id.slice('sha256:'.length)
  for (const name of ['app:1', 'localhost/app:1', id, hex, hex.slice(0, 12), hex.slice(0, 7)])
    t.equal(store.find(name)?.id, id, name)
  for (const name of ['app', 'app:2', 'docker.io/library/app:1', 'f'.repeat(64)])
    t.equal(store.find(name), undefined, name)
  const image = store.require('app:1')
  t.equal(image.passwd, passwd)
  t.strictSame(image.config.cmd, ['x'])
  t.equal(store.find(`localhost/app@${image.digest}`)?.id, id)
  t.ok(existsSync(join(image.layerFolders[0] ?? '', 'etc/passwd')))
  t.throws(() => store.find('Not Valid'), { code: 'INVALID_ARGUMENT' })
  t.throws(() => store.require('nope'), { code: 'NOT_FOUND' })
})

t.test('images with the same layer share it, and it goes with the last of them', async (t) => {
  const { store, add } = bench(t)
  const members = [{ name: 'f', content: 'same' }]
  await add('one', members)
  await new Promise((resolve) => setTimeout(resolve, 2)) // another creation time, another id
  await add('two', members)
  t.equal(store.list().length, 2)
  const folder = store.require('one').layerFolders[0] ?? ''
  t.equal(store.require('two').layerFolders[0], folder)
  await removeImage(store, 'one')
  t.ok(existsSync(join(folder, 'f')))
  await removeImage(store, 'two')
  t.notOk(existsSync(folder))
  t.strictSame(readdirSync(store.folders.blobs), [])
  t.strictSame(readdirSync(store.folders.temporary), [])
})

t.test('removal needs force where it would take more than was named', async (t) => {
  const { store, add } = bench(t)
  const id = await add('a:1', [{ name: 'f' }])
  store.tag('a:1', 'b:1')
  await t.rejects(removeImage(store, id), { code: 'BAD_STATE', exitCode: 1 })
  const first = await removeImage(store, 'a:1')
  t.strictSame(first.deleted, [])
  const inUse = (): Set<string> => new Set([id])
  await t.rejects(removeImage(store, 'b:1', { inUse }), { code: 'BAD_STATE' })
  const running = { inUse, running: inUse, force: true }
  await t.rejects(removeImage(store, 'b:1', running), { code: 'BAD_STATE', exitCode: 1 })
  t.strictSame((await removeImage(store, 'b:1', { inUse, force: true })).deleted, [id])
})

t.test('prune keeps what is named or in use', async (t) => {
  const { store, add } = bench(t)
  const dangling = await add(undefined, [{ name: 'one' }])
  const used = await add(undefined, [{ name: 'two' }])
  const named = await add('named', [{ name: 'three' }])
  const result = await pruneImages(store, { inUse: () => new Set([used]) })
  t.strictSame(result.deleted, [dangling])
  t.strictSame(new Set(store.list().map((image) => image.id)), new Set([used, named]))
})

t.test('a rejected archive enters nothing', async (t) => {
  const { base, store } = bench(t)
  const rows: [name: string, content: Buffer][] = [
    ['text', Buffer.from('no archive at all, just some text that is long enough'.repeat(20))],
    ['empty', Buffer.alloc(0)],
    ['a root file system', buildTar([{ name: 'etc/passwd' }])],
    [
      'a manifest that names missing files',
      buildTar([
        { name: 'manifest.json', content: '[{"Config":"x.json","Layers":["../../etc/passwd"]}]' },
      ]),
    ],
    [
      'a config whose name is not its digest',
      buildTar([
        { name: 'manifest.json', content: `[{"Config":"${'a'.repeat(64)}.json","Layers":[]}]` },
        { name: `${'a'.repeat(64)}.json`, content: '{}' },
      ]),
    ],
    [
      'an index over 4 MiB',
      buildTar([{ name: 'index.json', content: ' '.repeat(4 * 1024 * 1024 + 1) }]),
    ],
  ]
  for (const [name, content] of rows) {
    const input = join(base, 'archive')
    writeFileSync(input, content)
    await t.rejects(loadImages(store, { input }), { code: 'INVALID_IMAGE' }, name)
  }
  t.strictSame(store.list(), [])
  t.strictSame(readdirSync(store.folders.temporary), [])
})

t.test('accounts are read inside the image only', async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'merged-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const [lower, upper, outside] = ['lower', 'upper', 'outside'].map((name) => join(base, name))
  for (const folder of [lower, upper, outside]) mkdirSync(folder ?? '')
  writeFileSync(join(outside ?? '', 'passwd'), 'secret')
  symlinkSync(outside ?? '', join(lower ?? '', 'etc'))
  t.equal(readMergedFile([lower ?? ''], '/etc/passwd'), undefined, 'a symlink out of the image')
  mkdirSync(join(upper ?? '', 'etc'))
  t.equal(
    readMergedFile([lower ?? '', upper ?? ''], '/etc/passwd'),
    undefined,
    'behind a folder above it',
  )
  symlinkSync('../../../real', join(upper ?? '', 'etc/passwd'))
  writeFileSync(join(lower ?? '', 'real'), 'found')
  t.equal(readMergedFile([lower ?? '', upper ?? ''], '/etc/passwd'), 'found', 'links stay inside')
  symlinkSync('loop', join(upper ?? '', 'loop'))
  t.equal(readMergedFile([upper ?? ''], '/loop'), undefined, 'a loop ends')
})

t.test('eight processes at once import the same image', async (t) => {
  const { base, store } = bench(t)
  const input = join(base, 'root.tar')
  writeFileSync(
    input,
    buildTar(Array.from({ length: 200 }, (_, at) => ({ name: `f${at}`, content: 'x' }))),
  )
  const script = `
    import { openImageStore } from ${JSON.stringify(join(import.meta.dirname, '../../../rootfs/store/image-store.ts'))}
    import { importRootTarball } from ${JSON.stringify(join(import.meta.dirname, '../../../rootfs/import/import-root-tarball.ts'))}
    const store = openImageStore(${JSON.stringify({ dataDir: join(base, 'data'), runDir: join(base, 'run') })})
    await importRootTarball(store, { input: ${JSON.stringify(input)}, reference: 'same' })
  `
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
  t.strictSame(
    codes,
    Array.from({ length: 8 }, () => 0),
  )
  t.equal(readdirSync(store.require('same').layerFolders[0] ?? '').length, 200)
  t.strictSame(readdirSync(store.folders.temporary), [])
})

t.test('an import killed at any moment leaves nothing that is believed', async (t) => {
  const { base, store, add } = bench(t)
  const members = Array.from({ length: 3000 }, (_, at) => ({
    name: `f${at}`,
    content: 'x'.repeat(2000),
  }))
  const input = join(base, 'big.tar')
  writeFileSync(input, buildTar(members))
  const script = `
    import { openImageStore } from ${JSON.stringify(join(import.meta.dirname, '../../../rootfs/store/image-store.ts'))}
    import { importRootTarball } from ${JSON.stringify(join(import.meta.dirname, '../../../rootfs/import/import-root-tarball.ts'))}
    const store = openImageStore(${JSON.stringify({ dataDir: join(base, 'data'), runDir: join(base, 'run') })})
    await importRootTarball(store, { input: ${JSON.stringify(input)}, reference: 'killed' })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  // Asked for before anything else waits: a close that nobody hears ends the test unfinished.
  const closed = once(child, 'close')
  const temporary = store.folders.temporary
  while (
    child.exitCode === null &&
    !(existsSync(temporary) && readdirSync(temporary).some((name) => name.startsWith('layer-')))
  )
    await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGKILL')
  const [code] = (await closed) as [number | null]
  t.ok(code === null || code === 0, 'it did not fail by itself')
  if (store.find('killed')) return t.pass('it was faster than the kill')
  await add('after', [{ name: 'f' }])
  await pruneImages(store, { inUse: () => new Set() })
  t.strictSame(readdirSync(temporary), [], 'prune swept what was half made')
  t.equal(readdirSync(store.folders.layers).filter((name) => !name.includes('.')).length, 1)
})

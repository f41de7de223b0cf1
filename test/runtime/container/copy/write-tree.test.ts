import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openRoot } from '../../../../rootfs/path-in-root.ts'
import type { TarEntry } from '../../../../rootfs/layer/tar-entry.ts'
import type { EntrySink } from '../../../../runtime/container/copy/entry-sink.ts'
import { createTreeWriter } from '../../../../runtime/container/copy/write-tree.ts'
import { viewOf } from '../../../../runtime/container/file-view/host-view.ts'
import { walkPath } from '../../../../runtime/container/file-view/walk-path.ts'

interface Bench {
  readonly root: string
  readonly outside: string
  readonly sink: EntrySink
}

function bench(t: Test, followLinks: boolean): Bench {
  const base = t.testdir({ root: { target: {}, inner: {} }, outside: {} })
  const root = join(base, 'root')
  const view = viewOf(openRoot(root).descriptor)
  const target = walkPath(view, '/target', true)
  const sink = createTreeWriter({
    view,
    target,
    ownerOf: () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
    keepAttributes: false,
    setTarget: false,
    followLinks,
    onNote: () => undefined,
  })
  t.teardown(() => {
    sink.close()
    target.close()
    view.close()
  })
  return { root, outside: join(base, 'outside'), sink }
}

function entry(kind: TarEntry['kind'], name: string, linkName = ''): TarEntry {
  const plain = { mode: 0o755, uid: 0, gid: 0, size: 0, storedSize: 0, devMajor: 0, devMinor: 0 }
  const mtime = { seconds: 1, nanoseconds: 0 }
  return { ...plain, kind, name, linkName, mtime, xattrs: new Map(), sparse: undefined }
}

function write({ sink }: Bench, name: string): void {
  sink.entry({ ...entry('file', name), size: 2, storedSize: 2 })
  sink.data(Buffer.from('hi'))
  sink.end()
}

t.test('a folder that was swapped for a link while it is written is not followed', async (t) => {
  const it = bench(t, false)
  it.sink.entry(entry('directory', 'd'))
  rmSync(join(it.root, 'target/d'), { recursive: true })
  symlinkSync('/inner', join(it.root, 'target/d'))
  t.throws(() => write(it, 'd/file'), { code: 'INVALID_ARGUMENT' })
  t.notOk(existsSync(join(it.root, 'inner/file')))
})

t.test('an archive goes through links of the container, inside its root', async (t) => {
  const it = bench(t, true)
  symlinkSync('/inner', join(it.root, 'target/absolute'))
  symlinkSync('../../../../../../../inner', join(it.root, 'target/climbing'))
  symlinkSync(it.outside, join(it.root, 'target/out'))
  write(it, 'absolute/one')
  write(it, 'climbing/two')
  t.equal(readFileSync(join(it.root, 'inner/one'), 'utf8'), 'hi')
  t.equal(readFileSync(join(it.root, 'inner/two'), 'utf8'), 'hi')
  t.throws(() => write(it, 'out/three'), { code: 'NOT_FOUND' })
  t.notOk(existsSync(join(it.outside, 'three')))
})

t.test('a link of the archive itself is no way out', async (t) => {
  const it = bench(t, true)
  it.sink.entry(entry('symlink', 'out', it.outside))
  t.throws(() => write(it, 'out/file'), { code: 'NOT_FOUND' })
  t.throws(() => write(it, '../../outside/file'), { code: 'INVALID_IMAGE' })
  t.throws(() => it.sink.entry(entry('hardlink', 'x', '../../outside/file')), {
    code: 'INVALID_IMAGE',
  })
})

const clashes = [
  { title: 'a folder by a file', first: 'directory', second: 'file' },
  { title: 'a file by a folder', first: 'file', second: 'directory' },
  { title: 'a link by a folder', first: 'symlink', second: 'directory' },
] as const

for (const { title, first, second } of clashes)
  t.test(`does not replace ${title}`, async (t) => {
    const { sink } = bench(t, false)
    sink.entry(entry(first, 'name', '/inner'))
    if (first === 'file') sink.end()
    t.throws(() => sink.entry(entry(second, 'name')), { code: 'INVALID_ARGUMENT' })
  })

t.test('folders that an archive does not list are made', async (t) => {
  const it = bench(t, true)
  write(it, 'a/b/c')
  it.sink.finish()
  t.equal(readFileSync(join(it.root, 'target/a/b/c'), 'utf8'), 'hi')
  mkdirSync(join(it.root, 'target/a/b/d'))
})

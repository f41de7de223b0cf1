import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { placeInRoot } from '../../../rootfs/build-steps/place-in-root.ts'
import { openRoot } from '../../../rootfs/path-in-root.ts'

const links: Record<string, string> = {
  abs: '/a/b',
  rel: 'a/b',
  'a/up': '../..',
  out: '../../../../etc',
  dangling: '/new/place',
  chain: 'rel/../up/abs',
  loop: 'loop',
  'a/b/self': '.',
}

const rows: { path: string; want: string; kind: string; existing?: number }[] = [
  { path: '', want: '', kind: 'directory' },
  { path: '/', want: '', kind: 'directory' },
  { path: '/a/b', want: 'a/b', kind: 'directory' },
  { path: 'a//./b/', want: 'a/b', kind: 'directory' },
  { path: '/a/file', want: 'a/file', kind: 'other' },
  { path: '/a/b/c/d', want: 'a/b/c/d', kind: 'missing', existing: 2 },
  { path: '/abs/x', want: 'a/b/x', kind: 'missing', existing: 2 },
  { path: '/rel', want: 'a/b', kind: 'directory' },
  { path: '/a/up/a', want: 'a', kind: 'directory' },
  { path: '/out/passwd', want: 'etc/passwd', kind: 'missing', existing: 0 },
  { path: '../../../a', want: 'a', kind: 'directory' },
  { path: '/dangling', want: 'new/place', kind: 'missing', existing: 0 },
  { path: '/dangling/../x', want: 'new/x', kind: 'missing', existing: 0 },
  { path: '/missing/../a/b', want: 'a/b', kind: 'directory' },
  { path: '/chain', want: 'a/b', kind: 'directory' },
  { path: '/a/b/self/self/..', want: 'a', kind: 'directory' },
]

function tree(folder: string): string {
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  writeFileSync(join(folder, 'a/file'), '')
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(target, join(folder, path))
  }
  return folder
}

for (const { path, want, kind, existing } of rows)
  t.test(`"${path}" is ${want}`, async (t) => {
    using root = openRoot(tree(t.testdir()))
    const place = placeInRoot(root.descriptor, path)
    t.equal(place.path, want)
    t.equal(place.kind, kind)
    t.equal(place.existing, existing ?? want.split('/').filter(Boolean).length)
  })

for (const path of ['/loop', '/loop/x', '/a/file/x', '/a/file/..', '/a\0/b'])
  t.test(`refuses "${path}"`, async (t) => {
    using root = openRoot(tree(t.testdir()))
    t.throws(() => placeInRoot(root.descriptor, path), { code: 'INVALID_ARGUMENT' })
  })

t.test('keeps no descriptor open', async (t) => {
  using root = openRoot(tree(t.testdir()))
  const { readdirSync } = await import('node:fs')
  const before = readdirSync('/proc/self/fd').length
  for (const { path } of rows) placeInRoot(root.descriptor, path)
  t.throws(() => placeInRoot(root.descriptor, '/a/b/self/../../loop'))
  t.equal(readdirSync('/proc/self/fd').length, before)
})

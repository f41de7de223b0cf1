import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { defaultUnpackLimits } from '../../../rootfs/layer/decompress.ts'
import { unpackLayer } from '../../../rootfs/layer/unpack-layer.ts'
import { type BuiltMember, buildTar, rawHeader } from './tar-builder.ts'
import { type Sandbox, pieces, sandbox } from './unpack-sandbox.ts'

// Every row of the corpus of hostile layers: refused, or contained below the layer's own folder.

function assertUntouched(t: Test, box: Sandbox): void {
  t.strictSame(readdirSync(box.outside), ['victim'], 'nothing was added or removed outside')
  t.equal(readFileSync(join(box.outside, 'victim'), 'utf8'), 'untouched')
  const { mode, mtimeMs } = statSync(join(box.outside, 'victim'))
  t.equal(mode & 0o7777, 0o600)
  t.ok(mtimeMs > 1e12, 'the time outside was not set')
}

const refused: { name: string; layer: BuiltMember[] }[] = [
  { name: 'a name that climbs', layer: [{ name: '../evil' }] },
  { name: 'a name that climbs in the middle', layer: [{ name: 'a/../../evil' }] },
  { name: 'a NUL in a PAX name', layer: [{ name: 'x', pax: { path: 'a\0b' } }] },
  {
    name: 'a hard link that climbs',
    layer: [{ name: 'l', type: '1', linkName: '../outside/victim' }],
  },
  { name: 'a hard link to nothing', layer: [{ name: 'l', type: '1', linkName: 'nothing' }] },
  {
    name: 'a hard link to a folder',
    layer: [
      { name: 'd/', type: '5' },
      { name: 'l', type: '1', linkName: 'd' },
    ],
  },
  {
    name: 'a hard link to itself',
    layer: [{ name: 'f' }, { name: 'f', type: '1', linkName: 'f' }],
  },
  { name: 'a file below a file', layer: [{ name: 'f' }, { name: 'f/g' }] },
  { name: 'a whiteout of the folder above', layer: [{ name: 'd/.wh...' }] },
  { name: 'a whiteout of nothing', layer: [{ name: '.wh.' }] },
  { name: 'a path of 5000 bytes', layer: [{ name: 'x', pax: { path: 'abcdefghi/'.repeat(500) } }] },
  { name: 'a name of 300 bytes', layer: [{ name: 'x', pax: { path: 'n'.repeat(300) } }] },
  { name: 'a PAX size beyond the archive', layer: [{ name: 'x', pax: { size: '99999999999' } }] },
  { name: 'a PAX size that is no number', layer: [{ name: 'x', pax: { size: '1e9' } }] },
  { name: 'an owner out of range', layer: [{ name: 'x', pax: { uid: '4294967295' } }] },
  { name: 'a symlink without a target', layer: [{ name: 'x', type: '2' }] },
  {
    name: 'a sparse map that leaves the file',
    layer: [{ name: 'x', content: 'ab', pax: { 'GNU.sparse.size': '2', 'GNU.sparse.map': '1,2' } }],
  },
  {
    name: 'a sparse map that overlaps',
    layer: [
      { name: 'x', content: 'abcd', pax: { 'GNU.sparse.size': '9', 'GNU.sparse.map': '0,2,1,2' } },
    ],
  },
]

for (const { name, layer } of refused) {
  t.test(`refuses ${name}`, async (t) => {
    const box = sandbox(t)
    await t.rejects(box.unpack(layer), { code: 'INVALID_IMAGE' })
    assertUntouched(t, box)
  })
}

const contained: { name: string; layer: (outside: string) => BuiltMember[] }[] = [
  { name: 'an absolute name', layer: (outside) => [{ name: `${outside}/new` }] },
  {
    name: 'writing through an absolute symlink',
    layer: (outside) => [
      { name: 'l', type: '2', linkName: outside },
      { name: 'l/', type: '5' },
      { name: 'l/new' },
    ],
  },
  {
    name: 'opening a file that is a symlink',
    layer: (outside) => [
      { name: 'l', type: '2', linkName: `${outside}/victim` },
      { name: 'l', content: 'evil', mode: 0o777 },
    ],
  },
  {
    name: 'chained symlinks',
    layer: () => [
      { name: 'd/', type: '5' },
      { name: 'd/a', type: '2', linkName: '..' },
      { name: 'd/b', type: '2', linkName: 'a/../..' },
      { name: 'd/c', type: '2', linkName: 'b/outside' },
      { name: 'outside/', type: '5' },
      { name: 'd/c/new' },
    ],
  },
  {
    name: 'a symlink put in place of a folder whose mode is still to be set (CVE-2021-32760)',
    layer: (outside) => [
      { name: 'd/', type: '5', mode: 0o777 },
      { name: 'd', type: '2', linkName: outside },
    ],
  },
  {
    name: 'a folder known by two names that becomes a symlink',
    layer: (outside) => [
      { name: 'b/', type: '5' },
      { name: 'a', type: '2', linkName: 'b' },
      { name: 'a/c/', type: '5', mode: 0o777 },
      { name: 'b/c', type: '2', linkName: outside },
    ],
  },
]

for (const { name, layer } of contained) {
  t.test(`contains ${name}`, async (t) => {
    const box = sandbox(t)
    await box.unpack(layer(box.outside))
    assertUntouched(t, box)
  })
}

const dangling: { name: string; layer: (outside: string) => BuiltMember[] }[] = [
  {
    name: 'a file below a relative symlink out of the root',
    layer: () => [{ name: 'l', type: '2', linkName: '../outside' }, { name: 'l/new' }],
  },
  {
    name: 'a whiteout through a symlink',
    layer: (outside) => [{ name: 'l', type: '2', linkName: outside }, { name: 'l/.wh.victim' }],
  },
  {
    name: 'an opaque folder through a symlink',
    layer: (outside) => [{ name: 'l', type: '2', linkName: outside }, { name: 'l/.wh..wh..opq' }],
  },
  {
    name: 'a hard link through a symlink',
    layer: (outside) => [
      { name: 'l', type: '2', linkName: outside },
      { name: 'h', type: '1', linkName: 'l/victim' },
    ],
  },
]

for (const { name, layer } of dangling) {
  t.test(`refuses or contains ${name}`, async (t) => {
    const box = sandbox(t)
    await box
      .unpack(layer(box.outside))
      .catch((error: unknown) => t.match(error, { code: 'INVALID_IMAGE' }))
    assertUntouched(t, box)
  })
}

t.test('a truncated stream is refused', async (t) => {
  const tar = buildTar([{ name: 'f', content: 'x'.repeat(50_000) }])
  for (const bytes of [
    tar.subarray(0, 20_000),
    gzipSync(tar).subarray(0, 100),
    zstdCompressSync(tar).subarray(0, 20),
  ])
    await t.rejects(sandbox(t).unpack(bytes), { code: 'INVALID_IMAGE' })
})

t.test('a decompression bomb is refused', async (t) => {
  const box = sandbox(t)
  const bomb = gzipSync(
    Buffer.concat([rawHeader({ name: 'zeros' }, 50_000_000), Buffer.alloc(50_000_000)]),
  )
  const limits = { ...defaultUnpackLimits, ratioFloor: 10_000_000 }
  const options = {
    input: pieces(bomb),
    folder: box.folder,
    lowerFolders: [],
    onNote: () => undefined,
    limits,
  }
  await t.rejects(unpackLayer(options), { code: 'INVALID_IMAGE' })
})

t.test('too many entries are refused', async (t) => {
  const box = sandbox(t)
  const input = pieces(buildTar(Array.from({ length: 20 }, (_, at) => ({ name: `f${at}` }))))
  const limits = { ...defaultUnpackLimits, maxEntries: 10 }
  const options = { input, folder: box.folder, lowerFolders: [], onNote: () => undefined, limits }
  await t.rejects(unpackLayer(options), { code: 'INVALID_IMAGE' })
})

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { getAttributeOfPath } from '../../../native/xattr.ts'
import { defaultUnpackLimits } from '../../../rootfs/layer/decompress.ts'
import { unpackLayer } from '../../../rootfs/layer/unpack-layer.ts'
import { type BuiltMember, buildTar, rawHeader } from './tar-builder.ts'

// Every row of the corpus of hostile layers: refused, or contained below the layer's own folder.

interface Sandbox {
  readonly folder: string
  /** A file and a folder outside that no layer may touch. */
  readonly outside: string
  readonly notes: string[]
  unpack(layer: Buffer | BuiltMember[]): Promise<void>
  path(name: string): string
}

function sandbox(t: Test): Sandbox {
  const base = mkdtempSync(join(tmpdir(), 'layer-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const folder = join(base, 'layer')
  const outside = join(base, 'outside')
  mkdirSync(folder)
  mkdirSync(outside, { mode: 0o755 })
  writeFileSync(join(outside, 'victim'), 'untouched', { mode: 0o600 })
  const notes: string[] = []
  return {
    folder,
    outside,
    notes,
    path: (name) => join(folder, name),
    async unpack(layer) {
      const bytes = Buffer.isBuffer(layer) ? layer : buildTar(layer)
      await unpackLayer({
        input: pieces(bytes),
        folder,
        lowerFolders: [],
        onNote: (note) => notes.push(note),
      })
    },
  }
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield Buffer.from(bytes.subarray(at, at + 1000))
}

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

const isWhiteout = (path: string): boolean => {
  const status = lstatSync(path)
  return status.isCharacterDevice() && status.rdev === 0
}
const opaqueOf = (path: string): string => {
  for (const prefix of ['trusted', 'user']) {
    const value = getAttributeOfPath(path, `${prefix}.overlay.opaque`)
    if (typeof value !== 'number') return value.toString()
  }
  return ''
}

t.test('a whiteout becomes device 0:0', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: 'd/', type: '5' }, { name: 'd/.wh.x' }])
  t.ok(isWhiteout(box.path('d/x')))
})

t.test('a whiteout shipped as a hard link is a whiteout', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: '.wh.a' }, { name: '.wh.b', type: '1', linkName: '.wh.a' }])
  t.ok(isWhiteout(box.path('a')))
  t.ok(isWhiteout(box.path('b')))
})

t.test('an opaque folder is marked so', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: 'd/', type: '5' }, { name: 'd/.wh..wh..opq' }, { name: 'd/x' }])
  t.equal(opaqueOf(box.path('d')), 'y')
})

t.test('a folder made again after its whiteout hides what was below', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: '.wh.d' }, { name: 'd/', type: '5' }, { name: 'd/x' }])
  t.ok(existsSync(box.path('d/x')))
  t.equal(opaqueOf(box.path('d')), 'y')
})

t.test('a folder that comes before its whiteout stays, and hides what was below', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: 'd/', type: '5' }, { name: 'd/x' }, { name: '.wh.d' }])
  t.ok(existsSync(box.path('d/x')))
  t.equal(opaqueOf(box.path('d')), 'y')
})

t.test('a file replaced by a folder, and the reverse', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'a' },
    { name: 'a/', type: '5' },
    { name: 'a/x' },
    { name: 'b/', type: '5' },
    { name: 'b/x/y' },
    { name: 'b', content: 'file' },
  ])
  t.ok(existsSync(box.path('a/x')))
  t.equal(readFileSync(box.path('b'), 'utf8'), 'file')
})

t.test('mode and time of a folder are set after its children', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'd/', type: '5', mode: 0o555, mtime: 5 },
    { name: 'd/x' },
    { name: 'd/e/', type: '5' },
  ])
  const { mode, mtimeMs } = statSync(box.path('d'))
  t.equal(mode & 0o7777, 0o555)
  t.equal(mtimeMs, 5000)
})

t.test('times before 1970 and with fractions', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'old', pax: { mtime: '-1.25' } },
    { name: 'new', pax: { mtime: '4000000000.5' } },
  ])
  t.equal(lstatSync(box.path('old'), { bigint: true }).mtimeNs, -1_250_000_000n)
  t.equal(lstatSync(box.path('new'), { bigint: true }).mtimeNs, 4_000_000_000_500_000_000n)
})

t.test('setuid is kept', async (t) => {
  const box = sandbox(t)
  await box.unpack([{ name: 's', mode: 0o4755, content: 'x' }])
  t.equal(statSync(box.path('s')).mode & 0o7777, 0o4755)
})

t.test('binary attributes survive, those of overlayfs are left out', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    {
      name: 'f',
      pax: {
        'SCHILY.xattr.user.binary': '\xff\xfe\x80\x0a=\x00',
        'SCHILY.xattr.trusted.overlay.redirect': '/etc',
        'SCHILY.xattr.user.overlay.opaque': 'y',
      },
    },
  ])
  t.strictSame(getAttributeOfPath(box.path('f'), 'user.binary'), Buffer.from('fffe800a3d00', 'hex'))
  t.type(getAttributeOfPath(box.path('f'), 'user.overlay.opaque'), 'number')
  t.type(getAttributeOfPath(box.path('f'), 'trusted.overlay.redirect'), 'number')
})

t.test('a FIFO is made and never opened; device 0:0 is left out', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'fifo', type: '6' },
    { name: 'hidden', type: '3', device: [0, 0] },
  ])
  t.ok(lstatSync(box.path('fifo')).isFIFO())
  t.notOk(existsSync(box.path('hidden')))
})

t.test('a hard link to a symlink links the symlink', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'l', type: '2', linkName: '/etc/passwd' },
    { name: 'h', type: '1', linkName: 'l' },
  ])
  t.equal(readlinkSync(box.path('h')), '/etc/passwd')
})

t.test('names are bytes: Latin-1, and two forms of one letter, stay apart', async (t) => {
  const box = sandbox(t)
  await box.unpack([
    { name: 'x\xe9' },
    { name: 'A' },
    { name: 'a' },
    { name: 'x', pax: { path: '\xc3\xa9' } },
    { name: 'x', pax: { path: 'e\xcc\x81' } },
  ])
  t.equal(readdirSync(box.folder, 'buffer').length, 5)
})

for (const [name, pack] of [
  ['gzip members', gzipSync],
  ['zstd frames', zstdCompressSync],
] as const)
  t.test(`several ${name} in a row`, async (t) => {
    const box = sandbox(t)
    const tar = buildTar([{ name: 'f', content: 'x'.repeat(5000) }])
    await box.unpack(Buffer.concat([pack(tar.subarray(0, 2000)), pack(tar.subarray(2000))]))
    t.equal(statSync(box.path('f')).size, 5000)
  })

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

t.test(
  'what GNU tar packs comes out the same: long names, sparse files in each format',
  async (t) => {
    const box = sandbox(t)
    const source = join(box.outside, '..', 'source')
    const long = `${'long-folder-name/'.repeat(10)}${'n'.repeat(120)}`
    mkdirSync(join(source, long, '..'), { recursive: true })
    writeFileSync(join(source, long), 'deep')
    execFileSync('truncate', ['-s', '3M', join(source, 'sparse')])
    for (const at of [0, 100, 200, 300, 400, 500])
      execFileSync('dd', [
        'if=/dev/urandom',
        `of=${join(source, 'sparse')}`,
        'bs=4096',
        `seek=${at}`,
        'count=1',
        'conv=notrunc',
        'status=none',
      ])
    const want = readFileSync(join(source, 'sparse'))
    for (const format of [
      ['--format=gnu'],
      ['--format=posix', '--sparse-version=0.0'],
      ['--format=posix', '--sparse-version=0.1'],
      ['--format=posix', '--sparse-version=1.0'],
    ]) {
      const inner = sandbox(t)
      await inner.unpack(
        execFileSync('tar', ['-S', ...format, '-C', source, '-cf', '-', '.'], { maxBuffer: 64e6 }),
      )
      t.ok(readFileSync(inner.path('sparse')).equals(want), format.join(' '))
      t.ok(statSync(inner.path('sparse')).blocks * 512 < want.length, 'it has holes')
      t.equal(readFileSync(inner.path(long), 'utf8'), 'deep')
    }
  },
)

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { getAttributeOfPath } from '../../../native/xattr.ts'
import { buildTar } from './tar-builder.ts'
import { sandbox } from './unpack-sandbox.ts'

// What of a layer comes to be in its folder.

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

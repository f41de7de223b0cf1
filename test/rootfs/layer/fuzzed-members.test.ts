import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { hasCode } from '../../../native/error.ts'
import { listAttributesOfPath } from '../../../native/xattr.ts'
import { loadImages } from '../../../rootfs/import/load-images.ts'
import { unpackLayer } from '../../../rootfs/layer/unpack-layer.ts'
import { openImageStore } from '../../../rootfs/store/image-store.ts'
import { removeFolder } from '../../../rootfs/store/remove-folder.ts'
import { randomNumbers } from './random-numbers.ts'
import { type BuiltMember, buildTar } from './tar-builder.ts'

// Archives that are well formed and say the worst: names, links and whiteouts out of a small pool, in any
// order, so that every link sooner or later stands in the way of every name. Two layers, one on the other.

const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 200)
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)
// A longer run takes as long as it takes.
if (process.env['FUZZ_ROUNDS'] !== undefined) t.setTimeout(0)

type Random = (below: number) => number

const parts = [
  'a',
  'b',
  'c',
  '.',
  '..',
  '',
  '.wh.a',
  '.wh.b',
  '.wh..wh..opq',
  '.wh..wh.aufs',
  'out',
]
const typeFlags = ['0', '0', '1', '2', '2', '3', '5', '5', '5', '6', '7', 'g', 'S', 'V']

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random(items.length)] as Item
}

function randomName(random: Random): string {
  const length = 1 + random(4)
  const name = Array.from({ length }, () => pick(random, parts)).join('/')
  if (random(40) === 0) return `${name}/../${name}`
  return random(12) === 0 ? `/${name}` : name
}

function randomTarget(random: Random, outside: string): string {
  const fixed = [
    outside,
    `${outside}/victim`,
    '..',
    '../..',
    '/',
    '.',
    'a',
    'b',
    '../outside/victim',
  ]
  return random(3) === 0 ? randomName(random) : pick(random, fixed)
}

function randomMember(random: Random, outside: string): BuiltMember {
  const type = pick(random, typeFlags)
  const pax: Record<string, string> = {}
  if (random(8) === 0) pax['path'] = randomName(random)
  if (random(8) === 0) pax['linkpath'] = randomTarget(random, outside)
  if (random(8) === 0) pax['SCHILY.xattr.trusted.overlay.opaque'] = 'y'
  if (random(8) === 0) pax['SCHILY.xattr.trusted.overlay.redirect'] = outside
  if (random(8) === 0) pax['SCHILY.xattr.user.overlay.opaque'] = 'y'
  if (random(20) === 0) pax['GNU.sparse.map'] = '0,1,5,1'
  if (random(20) === 0) pax['mtime'] = pick(random, ['-1.5', '1e3', '99999999999', '7.123456789'])
  return {
    name: randomName(random),
    type,
    linkName: randomTarget(random, outside),
    mode: pick(random, [0o644, 0o755, 0, 0o7777, 0o1777]),
    content: type === '0' ? 'x'.repeat(random(3) * 400) : '',
    ...(type === '3' ? { device: [random(2), random(2)] as const } : {}),
    ...(Object.keys(pax).length > 0 ? { pax } : {}),
  }
}

function randomLayer(random: Random, outside: string): Buffer {
  const members = Array.from({ length: 2 + random(12) }, () => randomMember(random, outside))
  const tar = buildTar(members)
  const encode = pick(random, [(b: Buffer) => b, (b: Buffer) => b, gzipSync, zstdCompressSync])
  const blob = Buffer.from(encode(tar))
  if (random(8) === 0 && blob.length > 0) blob[random(blob.length)] = random(256)
  return blob
}

interface Scene {
  readonly base: string
  readonly outside: string
}

function scene(t: Test): Scene {
  const base = mkdtempSync(join(tmpdir(), 'fuzz-members-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const outside = join(base, 'outside')
  mkdirSync(outside, { mode: 0o750 })
  writeFileSync(join(outside, 'victim'), 'untouched', { mode: 0o600 })
  return { base, outside }
}

/** @returns whether it was accepted */
async function unpackOne(input: Buffer, folder: string, lowerFolders: string[]): Promise<boolean> {
  mkdirSync(folder)
  try {
    await unpackLayer({ input: [input], folder, lowerFolders, onNote: () => undefined })
    return true
  } catch (error) {
    if (!hasCode(error, 'INVALID_IMAGE')) throw error
    return false
  }
}

/** overlayfs's own attributes are only ever ours: "opaque", with the value "y". */
function foreignAttributes(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const names = listAttributesOfPath(path)
    const below = entry.isDirectory() ? foreignAttributes(path) : []
    if (typeof names === 'number') return below
    const foreign = names.filter((name) => name.includes('overlay.') && !name.endsWith('.opaque'))
    return [...foreign, ...below]
  })
}

t.test('members out of a small pool', async (t) => {
  const { base, outside } = scene(t)
  const before = statSync(join(outside, 'victim'), { bigint: true })
  let accepted = 0
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const random = randomNumbers(seed)
    const lower = join(base, 'lower')
    const upper = join(base, 'upper')
    try {
      if (await unpackOne(randomLayer(random, outside), lower, [])) accepted++
      if (await unpackOne(randomLayer(random, outside), upper, [lower])) accepted++
      const strange = [...foreignAttributes(lower), ...foreignAttributes(upper)]
      if (strange.length > 0) throw new Error(strange.join(' '))
      const after = statSync(join(outside, 'victim'), { bigint: true })
      if (after.ctimeNs !== before.ctimeNs) throw new Error('a file outside was touched')
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
    for (const folder of [lower, upper]) removeFolder(folder)
  }
  t.ok(accepted > rounds / 10, `${accepted} of ${2 * rounds} were layers`)
  t.strictSame(readdirSync(outside), ['victim'])
  t.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'untouched')
  t.equal(statSync(outside).mode & 0o7777, 0o750)
  t.strictSame(readdirSync(base), ['outside'])
})

t.test('damaged archives of images', async (t) => {
  const { base, outside } = scene(t)
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => store.close())
  const layer = buildTar([{ name: 'f', content: 'x' }])
  const config =
    '{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]},"config":{"Env":["A=b"]}}'
  const whole = buildTar([
    {
      name: 'manifest.json',
      content: '[{"Config":"c.json","RepoTags":["x:1"],"Layers":["l.tar","../l.tar"]}]',
    },
    { name: 'c.json', content: config },
    { name: 'l.tar', content: layer },
    { name: 'link.tar', type: '2', linkName: outside },
  ])
  let refused = 0
  for (let seed = firstSeed; seed < firstSeed + rounds / 10; seed++) {
    const random = randomNumbers(seed)
    const damaged = Buffer.from(whole)
    for (let change = 0; change <= random(6); change++)
      damaged[random(2) * 512 + random(damaged.length - 1024)] = pick(random, [
        random(256),
        0x22,
        0x7b,
        0x30,
      ])
    const input = join(base, 'archive.tar')
    writeFileSync(input, damaged)
    try {
      await loadImages(store, { input })
    } catch (error) {
      if (!hasCode(error, 'INVALID_IMAGE') && !hasCode(error, 'INVALID_ARGUMENT'))
        throw new Error(`seed ${seed}`, { cause: error })
      refused++
    }
  }
  t.ok(refused > 0)
  t.strictSame(readdirSync(outside), ['victim'])
  t.strictSame(readdirSync(store.folders.temporary), [])
})

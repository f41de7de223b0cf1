import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { hasCode } from '../../../native/error.ts'
import { removeFolder } from '../../../rootfs/store/remove-folder.ts'
import { checksum } from '../../../rootfs/layer/tar-header.ts'
import { unpackLayer } from '../../../rootfs/layer/unpack-layer.ts'
import { randomNumbers } from './random-numbers.ts'
import { buildTar } from './tar-builder.ts'

// Random damage to an archive that has everything. Whatever comes of it is either a layer or a
// clean refusal, and nothing outside is touched.

// FUZZ_ROUNDS and FUZZ_SEED: a longer run by hand, or one round again.
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 600)
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)
// A longer run takes as long as it takes.
if (process.env['FUZZ_ROUNDS'] !== undefined) t.setTimeout(0)

const victims = (outside: string): Buffer =>
  buildTar([
    { name: 'd/', type: '5' },
    { name: 'd/f', content: 'x'.repeat(700), mode: 0o4755 },
    { name: 'out', type: '2', linkName: outside },
    { name: 'up', type: '2', linkName: '../..' },
    { name: 'out/new' },
    { name: 'h', type: '1', linkName: 'd/f' },
    { name: 'd/.wh.gone' },
    { name: 'd/.wh..wh..opq' },
    { name: 'p', type: '6' },
    { name: 'x', content: 'ab', pax: { path: 'q'.repeat(150), mtime: '1.5', uid: '0' } },
    {
      name: 's',
      content: 'abcd',
      pax: { 'GNU.sparse.size': '9000', 'GNU.sparse.map': '0,2,8000,2' },
    },
    { name: 'L', type: 'L', content: `${'n'.repeat(130)}\0` },
    { name: 'short' },
  ])

/** Change some bytes, and often make the checksum right again so that the damage gets deeper. */
function damage(tar: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(tar)
  for (let change = 0; change <= random(4); change++) {
    const block = random(copy.length / 512) * 512
    const at = block + random(random(2) === 0 ? 512 : 160)
    copy[at] = random(3) === 0 ? random(256) : (copy[random(copy.length)] ?? 0)
    if (random(4) === 0) continue
    const header = copy.subarray(block, block + 512)
    header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
  return random(5) === 0 ? copy.subarray(0, random(copy.length)) : copy
}

t.test('damaged layers', async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const outside = join(base, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'victim'), 'untouched')
  const tar = victims(outside)
  let unpacked = 0
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const folder = join(base, `layer-${seed}`)
    mkdirSync(folder)
    const input = [damage(tar, randomNumbers(seed))]
    try {
      await unpackLayer({ input, folder, lowerFolders: [], onNote: () => undefined })
      unpacked++
    } catch (error) {
      if (!hasCode(error, 'INVALID_IMAGE')) throw new Error(`seed ${seed}`, { cause: error })
    }
    removeFolder(folder)
  }
  t.ok(unpacked > 0 && unpacked < rounds, `${unpacked} of ${rounds} were still layers`)
  t.strictSame(readdirSync(outside), ['victim'])
  t.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'untouched')
  t.strictSame(readdirSync(base), ['outside'])
})

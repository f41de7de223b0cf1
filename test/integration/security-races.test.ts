import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, makeRoot } from './attack.ts'
import { commandBench, waitUntil } from './command-line.ts'

// Needs root. A container swaps parts of a path for links while others are started on that path.

const STARTS = 12

const bench = commandBench(t)
const quiet = ['--network', 'none']
makeImage(bench, 'racer')

const outside = join(bench.folder, 'outside')
mkdirSync(outside)
writeFileSync(join(outside, 'secret'), 'of the host')

/** Host mounts that are not those of this state root. */
const hostMounts = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((place) => place.startsWith(outside))

/** A volume in which a container swaps `inner` (a folder) and `link` without pause. */
async function startRace(name: string, target: string): Promise<string> {
  const volume = join(bench.folder, name)
  mkdirSync(join(volume, 'inner/sub'), { recursive: true })
  symlinkSync(target, join(volume, 'link'))
  const command = ['/bin/attack', 'swap', '/volume/inner', '/volume/link']
  const flags = ['-d', ...quiet, '--name', name, '-v', `${volume}:/volume`]
  await bench.ok('run', ...flags, 'racer', ...command)
  await waitUntil('it swaps', async () => (await bench.ok('logs', name)) === 'swapping')
  return volume
}

t.test(
  'CVE-2021-30465, CVE-2024-45310: a swapped mount destination leads nowhere else',
  async (t) => {
    const other = join(bench.folder, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'mine'), '')
    const climbs = `../../../../../../..${outside}`
    for (const [name, target] of [
      ['absolute', outside],
      ['climbing', climbs],
      ['whole', '/'],
    ] as const) {
      const volume = await startRace(name, target)
      const probe = `cat ${outside}/secret /volume/inner/secret /volume/inner/*/secret 2>/dev/null; cat /proc/self/mountinfo`
      let started = 0
      for (let round = 0; round < STARTS; round++) {
        const destination = round % 2 === 0 ? '/volume/inner/sub' : `/volume/inner/new${round}/deep`
        const flags = ['-v', `${volume}:/volume`, '-v', `${other}:${destination}`]
        const result = await bench.run(
          'run',
          '--rm',
          ...quiet,
          ...flags,
          'racer',
          'sh',
          '-c',
          probe,
        )
        if (result.exitCode === 0) started++
        t.notMatch(result.stdout, /of the host/, `${name}: nothing of the host is seen`)
        if (result.exitCode !== 0 && result.exitCode !== 125)
          t.notOk(result.stderr.includes('INTERNAL'), `${name}: an honest failure`, result)
      }
      t.ok(started > 0, `${name}: some starts succeed (${started} of ${STARTS})`)
      t.strictSame(readdirSync(outside), ['secret'], `${name}: nothing was made on the host`)
      t.strictSame(hostMounts(), [], `${name}: nothing was mounted on the host`)
      await bench.ok('rm', '-f', '-t', '0', name)
    }
    t.strictSame(readdirSync(other), ['mine'])
  },
)

t.test('CVE-2024-45310: a working folder below swapped names is made inside', async (t) => {
  const volume = await startRace('folders', `../../../../../../..${outside}`)
  for (let round = 0; round < STARTS; round++) {
    const flags = ['-v', `${volume}:/volume`, '-w', `/volume/inner/work${round}/deep`]
    await bench.run('run', '--rm', ...quiet, ...flags, 'racer', 'true')
  }
  t.strictSame(readdirSync(outside), ['secret'])
  await bench.ok('rm', '-f', '-t', '0', 'folders')
})

t.test('CVE-2025-52881, CVE-2025-31133: names of /proc swapped during starts', async (t) => {
  // The root itself is shared: while one container swaps /proc and /dev in it, others start on it.
  const root = join(bench.folder, 'shared')
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  renameSync(makeRoot(bench, { proc: 'folder', fake: { link: '/tmp' }, dev: 'folder' }), root)
  const command = ['/bin/attack', 'swap', '/root/proc', '/root/fake']
  await bench.ok(
    'run',
    '-d',
    ...quiet,
    '--name',
    'proc',
    '-v',
    `${root}:/root`,
    'racer',
    ...command,
  )
  await waitUntil('it swaps', async () => (await bench.ok('logs', 'proc')) === 'swapping')
  const probe =
    '(: >> /proc/sys/kernel/core_pattern) 2>/dev/null && echo OPENS; ' +
    'head -c 1 /proc/keys; grep -q "^Cap" /proc/self/status && echo proc'
  for (let round = 0; round < STARTS; round++) {
    const args = ['run', '--rm', ...quiet, '--rootfs', root, '/bin/sh', '-c', probe]
    const { exitCode, stdout } = await bench.run(...args)
    t.ok(stdout === '' || stdout === 'proc\n', 'refused, without /proc, or masked', {
      exitCode,
      stdout,
    })
  }
  t.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern)
})

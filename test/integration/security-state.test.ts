import { execFileSync, spawnSync } from 'node:child_process'
import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, runShell, shimPath } from './attack.ts'
import { commandBench } from './command-line.ts'
import { startEngine } from './resident-engine.ts'

// Needs root. What of the runtime other users of the host, and containers in the host's network, can reach.

const bench = commandBench(t)
makeImage(bench, 'plain')
execFileSync('chmod', ['755', bench.folder])
await bench.ok(
  'run',
  '-d',
  '-e',
  'SECRET=1',
  '--network',
  'none',
  '--name',
  'one',
  '-i',
  'plain',
  'sleep',
  '1000',
)
await bench.ok('volume', 'create', 'kept')

/** Run a line of shell as an ordinary user of the host. */
const asNobody = (line: string): string =>
  spawnSync(
    'setpriv',
    ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh', '-c', line],
    {
      encoding: 'utf8',
    },
  ).stdout

t.test('CVE-2020-15257: no abstract sockets; ours cannot be reached', async (t) => {
  await startEngine(t, bench)
  // Through the engine, so that all it opens for a container is open.
  await bench.ok('run', '-d', '--network', 'none', '--name', 'two', 'plain', 'sleep', '1000')
  const abstract = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => /@.*(mycontainer|attach|engine|shim)/.test(line))
  t.strictSame(abstract, [], 'on the host')
  const { stdout } = await runShell(bench, 'plain', 'cat /proc/net/unix', '--network', 'host')
  t.notMatch(stdout, /@.*(mycontainer|shim)/, 'in a container with the network of the host')
  const sockets = execFileSync('find', [bench.root, '-type', 's'], { encoding: 'utf8' })
  t.match(sockets, /attach/, 'they are files')
  t.match(sockets, /engine/, 'the one of the engine too')
  for (const path of sockets.trim().split('\n'))
    t.equal(lstatSync(path).mode & 0o077, 0, `${path} is for its owner alone`)
})

t.test('CVE-2021-41103, CVE-2024-25621: folders of state are closed to others', async (t) => {
  for (const folder of ['run', 'data'])
    t.equal(lstatSync(join(bench.root, folder)).mode & 0o066, 0, `${folder} cannot be listed`)
  const seen = asNobody(
    `find ${bench.root}/run ${bench.root}/data -mindepth 1 2>/dev/null; ls ${bench.root}/data/containers ${bench.root}/data/layers 2>/dev/null`,
  )
  t.equal(seen, '', 'an ordinary user finds nothing')
  const [id = ''] = readdirSync(join(bench.root, 'data/containers')).filter((name) =>
    /^[0-9a-f]{64}$/.test(name),
  )
  for (const path of [
    '',
    '/record.json',
    '/config.json',
    '/upper',
    '/state',
    '/state/attach',
    '/logs',
  ])
    t.equal(
      asNobody(
        `head -c 1 ${bench.root}/data/containers/${id}${path} 2>/dev/null; ls ${bench.root}/data/containers/${id}${path} 2>/dev/null`,
      ),
      '',
      `nor ${path || 'the folder'} by name`,
    )
})

t.test(
  'CVE-2021-43784: lengths in a program that do not fit are refused, not followed',
  async (t) => {
    const corpus = join(import.meta.dirname, '../../native/shim/fuzz/corpus')
    const names = readdirSync(corpus)
    t.ok(names.length > 50, 'there is a corpus')
    for (const name of names) {
      const { status, signal } = spawnSync(shimPath, ['check', join(corpus, name)], {
        timeout: 10_000,
      })
      t.ok(signal === null && (status === 0 || status === 1), name, { status, signal })
    }
    // Each 32-bit word of the header, and some of the instructions, as an attacker would have it.
    const [sample] = names
      .map((name) => readFileSync(join(corpus, name)))
      .filter((bytes) => bytes.length >= 192)
    const changed = join(bench.folder, 'changed')
    if (!sample) return t.fail('a program in the corpus')
    for (let at = 0; at < 192; at += 4)
      for (const value of [0xffffffff, 0x80000000, 0x7fffffff, sample.length + 1]) {
        const bytes = Buffer.from(sample)
        bytes.writeUInt32LE(value, at)
        writeFileSync(changed, bytes)
        const { status, signal } = spawnSync(shimPath, ['check', changed], { timeout: 10_000 })
        if (signal !== null || (status !== 0 && status !== 1))
          t.fail(`word at ${at}: ${signal} ${status}`)
      }
  },
)

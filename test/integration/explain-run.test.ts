import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { engineFolders } from '../../runtime/container/folders.ts'
import { listNetworks } from '../../runtime/network/network-store.ts'
import { type CommandBench, commandBench, commandPath } from './command-line.ts'

// What the system says about its own work; the container's output must stay what it is.

t.setTimeout(180_000)

t.test('run --explain prints the program and runs it', async (t) => {
  const { run } = commandBench(t)
  const args = ['--rm', '-m', '50m', '-p', '8080', 'host', '/bin/echo', 'hello']
  const { exitCode, stdout, stderr } = await run('run', '--explain', ...args)
  t.equal(exitCode, 0)
  t.equal(stdout, 'hello\n', 'the container has stdout to itself')
  for (const said of [
    /^Network\n {2}eth0 \d+\.\d+\.\d+\.\d+\/\d+ in bridge/mu,
    /→ 8080\/tcp/u,
    /memory\S* = 52428800/u,
    /seccomp filter of \d+ instructions/u,
    /11 of \d+ capabilities/u,
    /^Outer half/mu,
    /clone3\(\{.*CLONE_NEWPID.*\}/u,
    /^Inner half/mu,
    /pivot_root\("\.", "\."\)\n +\S.* \[pivot_root\(2\)/u,
    /execve\("\/bin\/echo", \["\/bin\/echo", "hello"\]/u,
    /^Cleanup/mu,
  ])
    t.match(stderr, said)
})

t.test('run --explain --format json is for programs', async (t) => {
  const { run, ok } = commandBench(t)
  const document = JSON.parse(
    await ok(
      'run',
      '--dry-run',
      '--format',
      'json',
      '-m',
      '50m',
      '--name',
      'x',
      'host',
      '/bin/true',
    ),
  )
  t.match(document.container, { name: 'x', image: 'host', id: /^[0-9a-f]{64}$/u })
  t.equal(document.config.linux.resources.memory.limit, 50 * 1024 * 1024)
  t.ok(document.preparation.some(({ title }: { title: string }) => title === 'Network'))
  const steps = document.steps as readonly Record<string, unknown>[]
  t.ok(steps.length > 200)
  for (const [index, step] of steps.entries())
    if (step['index'] !== index || !step['why'] || !step['source'] || !step['text'])
      t.fail('a step lacks something', step)
  t.match(
    steps.find(({ call }) => call === 'pivot_root'),
    { phase: 'inner', operation: 'SYS', arguments: ['"."', '"."'], source: 'pivot_root(2)' },
  )
  t.match(
    steps.find(({ jump }) => jump),
    { jump: { to: Number, when: /^(always|ok|tolerated)$/u } },
  )
  const ran = await run(
    'run',
    '--explain',
    '--format=json',
    '-d',
    '--name',
    'y',
    'host',
    'sleep',
    '9',
  )
  t.match(JSON.parse(ran.stderr.split('\n')[0] ?? ''), { container: { name: 'y' } })
  const entered = await run('exec', '--explain', '--format', 'json', 'y', 'echo', 'out')
  t.equal(entered.stdout, 'out\n')
  t.match(JSON.parse(entered.stderr), { architecture: /./u, steps: [] })
  await ok('rm', '-f', 'y')
  t.equal((await run('run', '--format', 'json', 'host', 'true')).exitCode, 125, 'of nothing')
  t.equal((await run('run', '--explain', '--format', 'xml', 'host', 'true')).exitCode, 125)
})

t.test('every step has its reason and its source', async (t) => {
  const { ok, root } = commandBench(t)
  const text = await ok('run', '--dry-run', 'host', '/bin/true')
  for (const { bridge } of listNetworks(engineFolders(root, {}, 0, '/')))
    t.notOk(existsSync(`/sys/class/net/${bridge}`), 'no bridge is made for it')
  const lines = text.slice(text.indexOf('\nOuter half')).split('\n')
  const steps = lines.filter((line) => /^ *\d+ {2}/u.test(line))
  const reasons = lines.filter((line) => /^ +\S.* \[\S.*\]$/u.test(line))
  t.ok(steps.length > 200)
  t.equal(reasons.length, steps.length)
})

t.test('run --dry-run changes nothing', async (t) => {
  const bench = commandBench(t)
  // What any command may make on first use: the image, the network, empty folders.
  await bench.ok('run', '--name', 'kept', '-p', '80', '-v', 'kept:/kept', 'host', '/bin/true')
  const before = traces(bench)
  const folder = join(bench.folder, 'made/by/the/flag')
  const cidfile = join(bench.folder, 'cid')
  const text = await bench.ok(
    'run',
    '--dry-run',
    '-d',
    '--rm',
    '--name=dry',
    '--publish=8081:80',
    '--memory=50m',
    `--cidfile=${cidfile}`,
    `--volume=${folder}:/data`,
    '--volume=/anonymous',
    '--volume=named:/named',
    'host',
    '/bin/true',
  )
  t.match(text, /execve\("\/bin\/true"/u)
  t.same(traces(bench), before)
  t.notOk(existsSync(join(bench.folder, 'made')), 'no source of a mount')
  t.notOk(existsSync(cidfile), 'no file with the id')
  t.equal((await bench.run('network', 'inspect', 'bridge')).exitCode, 0)
})

for (const flag of ['--dry-run', '--explain', '--timings'])
  t.test(`run ${flag} leaves nothing when its reader goes`, async (t) => {
    const bench = commandBench(t)
    const run = ['run', flag, '--rm', '-v', '/anonymous', 'host', '/bin/true']
    const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
    spawnSync('sh', ['-c', '"$@" 2>&1 | head -n 1', 'sh', commandPath, ...run], { env })
    t.equal(await bench.ok('ps', '-aq'), '')
    t.equal(await bench.ok('volume', 'ls', '-q'), '')
  })

t.test('run --dry-run tells what would fail, and changes nothing', async (t) => {
  const bench = commandBench(t)
  await bench.ok('run', '--name', 'taken', 'host', '/bin/true')
  const before = traces(bench)
  for (const flags of [
    ['--name', 'taken'],
    ['-u', 'nobody-like-it'],
    ['--device', '/dev/nothing-like-it'],
    ['--network', 'nothing-like-it'],
  ]) {
    const { exitCode, stdout } = await bench.run('run', '--dry-run', ...flags, 'host', '/bin/true')
    t.equal(exitCode, 125, flags.join(' '))
    t.equal(stdout, '', 'nothing to show')
  }
  t.same(traces(bench), before)
})

t.test('create --dry-run and --explain show the start to come', async (t) => {
  const { run, ok } = commandBench(t)
  t.match(await ok('create', '--dry-run', '--name', 'dry', 'host', '/bin/true'), /execve/u)
  t.equal(await ok('ps', '-aq'), '')
  const { stdout, stderr } = await run('create', '--explain', '--name', 'made', 'host', '/bin/true')
  t.match(stdout, /^[0-9a-f]{64}\n$/u)
  t.match(stderr, /execve/u)
  t.equal(await ok('inspect', '-f', '{{.State.Status}}', 'made'), 'created')
})

t.test('start --explain and exec --explain', async (t) => {
  const { run, ok } = commandBench(t)
  await ok('create', '--name', 'box', 'host', '/bin/sleep', '600')
  const started = await run('start', '--explain', 'box')
  t.equal(started.stdout, 'box\n')
  t.match(started.stderr, /clone3[^]*execve\("\/bin\/sleep"/u)
  const executed = await run('exec', '--explain', 'box', '/bin/echo', 'out')
  t.equal(executed.stdout, 'out\n')
  t.match(executed.stderr, /setns[^]*execve\("\/bin\/echo"/u)
})

t.test('run --timings reports after the end', async (t) => {
  const { run } = commandBench(t)
  const script = 'echo out; echo err >&2; exit 7'
  const result = await run('run', '--timings', '--rm', 'host', '/bin/sh', '-c', script)
  t.equal(result.exitCode, 7)
  t.equal(result.stdout, 'out\n')
  t.match(result.stderr, /^err\n/u)
  t.match(result.stderr, /from the start of Node to the program/u)
  const slowest = /the slowest first\n([^]*)/u.exec(result.stderr)?.[1] ?? ''
  const times = [...slowest.matchAll(/^ *([\d.]+) µs +\d+ {2}/gmu)].map(([, text]) => Number(text))
  t.ok(times.length > 3)
  t.same(
    times,
    times.toSorted((a, b) => b - a),
  )
  t.match(slowest, /outer: \d+ steps[^]*inner: \d+ steps|inner: \d+ steps[^]*outer: \d+ steps/u)
})

t.test('run -d --timings reports after the start', async (t) => {
  const { run, ok } = commandBench(t)
  const args = ['run', '-d', '--timings', '--name', 'idle', 'host', '/bin/sleep', '600']
  const { stdout, stderr } = await run(...args)
  t.match(stdout, /^[0-9a-f]{64}\n$/u)
  t.match(stderr, /clone3/u)
  t.equal(await ok('inspect', '-f', '{{.State.Status}}', 'idle'), 'running')
})

/** What a dry run could leave of an engine's own. */
function traces({ root }: CommandBench): Record<string, readonly string[] | string> {
  const files = (readdirSync(root, { recursive: true }) as string[])
    .filter((path) => !/(^|\/)(lock|[^/]*\.lock)$|^data\/cache/u.test(path))
    .toSorted()
  return { files, events: readFileSync(join(root, 'run/events.jsonl'), 'utf8') }
}

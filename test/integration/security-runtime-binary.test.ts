import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { hashOf, makeImage, runShell, shimPath } from './attack.ts'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// Needs root. What a container could get from the processes that make it, before they become its own.

const bench = commandBench(t)
const quiet = ['--network', 'none']
/** Without the domain of Landlock, which keeps all who come in out of reach: what is tested is what holds without. */
const bare = [...quiet, '--security-opt', 'landlock=off']
const hash = hashOf(shimPath)

makeImage(bench, 'hostile', {
  'bin/again': { link: '/proc/self/exe' },
  'bin/script': { text: '#!/proc/self/exe\n' },
})

t.test('CVE-2019-5736: the runtime run again inside cannot be overwritten', async (t) => {
  // The program is whatever ran before the execve: the shim. Its file must be a sealed copy.
  for (const program of ['/proc/self/exe', '/bin/again', '/bin/script'])
    await bench.run('run', '--rm', ...quiet, 'hostile', program)
  await bench.ok(
    'run',
    '-d',
    ...bare,
    '--name',
    'watcher',
    'hostile',
    '/bin/attack',
    'overwrite',
    '4',
  )
  await waitUntil('it watches', async () => (await bench.ok('logs', 'watcher')) !== '')
  for (let round = 0; round < 4; round++) {
    for (const program of ['/proc/self/exe', '/bin/script', '/bin/true'])
      await bench.run('exec', 'watcher', program)
    // The shim itself, for long enough to be found; it can be written to when it has ended.
    await bench.run('exec', 'watcher', '/proc/self/exe', 'init', '--', '/bin/sleep', '0.5')
  }
  await bench.ok('wait', 'watcher')
  const log = await bench.ok('logs', 'watcher')
  t.match(log, /holds .*\n(.*\n)*watched/, 'it found what the runtime runs from')
  t.notMatch(log, /holds (?!\/memfd:)/, 'and that is never a file of the host')
  t.notMatch(log, /WROTE/)
  t.equal(hashOf(shimPath), hash, 'the shim on the host is what it was')
})

t.test('CVE-2019-5736: the init of --init cannot be overwritten', async (t) => {
  const attempts = [
    ': > /proc/1/exe',
    'for f in /run/mycontainer-init /sbin/docker-init; do test -e $f && echo x >> $f; done',
    'mount -o remount,rw,bind /run/mycontainer-init; echo x > /run/mycontainer-init',
  ]
  for (const flags of [[], ['--privileged'], ['--cap-add', 'ALL']])
    for (const attempt of attempts) {
      const { stdout } = await runShell(
        bench,
        'hostile',
        `(${attempt}) 2>/dev/null; echo end`,
        '--init',
        ...flags,
      )
      t.match(stdout, /end/, `${flags.join(' ')}: ${attempt}`)
    }
  t.equal(hashOf(shimPath), hash, 'the shim on the host is what it was')
  const shown = await runShell(bench, 'hostile', 'readlink /proc/1/exe', '--init')
  t.match(shown.stdout, /memfd:/, 'PID 1 runs from a copy that is the container’s own')
})

const onlyStreams = /^0 [^\n]*\n1 [^\n]*\n2 [^\n]*\n?$/

t.test('CVE-2024-21626: no descriptor but the three streams gets in', async (t) => {
  const attack = ['/bin/attack', 'descriptors']
  for (const flags of [[], ['-i'], ['--init'], ['--privileged'], ['--userns', 'auto']]) {
    const { stdout } = await bench.run('run', '--rm', ...quiet, ...flags, 'hostile', ...attack)
    t.match(stdout, onlyStreams, `run ${flags.join(' ')}`)
  }
  await bench.ok('run', '-d', ...quiet, '--name', 'idle', 'hostile', 'sleep', '1000')
  for (const flags of [[], ['-i'], ['--privileged']])
    t.match(
      (await bench.run('exec', ...flags, 'idle', ...attack)).stdout,
      onlyStreams,
      `exec ${flags.join(' ')}`,
    )
  const health = [
    '--health-cmd',
    '/bin/attack descriptors > /tmp/health',
    '--health-interval',
    '1s',
  ]
  await bench.ok('run', '-d', ...quiet, '--name', 'checked', ...health, 'hostile', 'sleep', '1000')
  await bench.waitFor('checked', '.State.Health.Status', 'healthy')
  t.match(await bench.ok('exec', 'checked', 'cat', '/tmp/health'), onlyStreams, 'health check')
})

t.test('CVE-2024-21626: a descriptor of ours is no working folder', async (t) => {
  // "folder" prints the working folder: "/" and below are inside, "(unreachable)" is a way out.
  await bench.ok('run', '-d', ...quiet, '--name', 'target', 'hostile', 'sleep', '1000')
  const escapes: string[] = []
  for (let fd = 3; fd <= 24; fd++)
    for (const [place, image] of [
      [['run', '--rm', ...quiet], 'hostile'],
      [['exec'], 'target'],
    ] as const) {
      const folder = `/proc/self/fd/${fd}`
      const { exitCode, stdout } = await bench.run(
        ...place,
        '-w',
        folder,
        image,
        '/bin/attack',
        'folder',
      )
      if (exitCode === 0 || stdout !== '') escapes.push(`${place[0]} ${folder}: ${stdout}`)
    }
  t.strictSame(escapes, [])
  const linked = await runShell(
    bench,
    'hostile',
    'ln -s /proc/self/fd/7 /w; exec /bin/attack folder',
  )
  t.match(linked.stdout, /done\n\/\n/, 'the tool itself works')
})

t.test('CVE-2016-9962: a process that comes in shows and gives nothing', async (t) => {
  const watcher = startCommand(
    ['run', '--rm', ...bare, '--name', 'tracer', 'hostile', '/bin/attack', 'trace', '4'],
    bench,
  )
  let shown = ''
  watcher.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  watcher.stdin.end()
  const exited = once(watcher, 'exit')
  await waitUntil('it watches', () => shown !== '')
  let runs = 0
  while (!shown.includes('watched') && runs < 60) {
    await bench.run('exec', 'tracer', '/bin/true')
    runs++
  }
  await exited
  t.ok(runs > 5, 'processes came in')
  t.notMatch(shown, /SAW/)
})

t.test('the files of the runtime are not in the container', async (t) => {
  const { stdout } = await runShell(bench, 'hostile', 'cat /proc/self/mountinfo')
  t.ok(stdout.split('\n').every((line) => !line.includes('mycontainer-shim')))
  t.ok(readFileSync(shimPath).length > 0)
})

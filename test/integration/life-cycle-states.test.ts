import t from 'tap'
import { commandBench, runCommand, waitUntil } from './command-line.ts'

// Needs root.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)
const { ok, run, inspect } = bench

async function detached(name: string, ...command: string[]): Promise<string> {
  return ok('run', '-d', '--network', 'none', '--name', name, 'host', ...command)
}

/** A shell that says when its handlers are set; then it waits for signals. */
async function handling(name: string, handlers: string, ...flags: string[]): Promise<void> {
  const script = `${handlers}; echo ready; while :; do sleep 0.02; done`
  await ok('run', '-d', '--network', 'none', '--name', name, ...flags, 'host', 'sh', '-c', script)
  await waitUntil('it is ready', async () => (await ok('logs', name)).endsWith('ready'))
}

t.test('create, start, wait, restart, rm', async (t) => {
  const id = await ok(
    'create',
    '--network',
    'none',
    '--name',
    'life',
    'host',
    'sh',
    '-c',
    'echo run; exit 3',
  )
  t.equal(await inspect('life', '.State.Status'), 'created')
  t.equal(await ok('ps', '-q'), '')
  t.equal(await ok('ps', '-aq', '--no-trunc'), id)
  t.equal(await ok('start', 'life'), 'life')
  t.equal(await ok('wait', 'life'), '3')
  t.match(await run('start', '-a', 'life'), { exitCode: 3, stdout: 'run\n' })
  t.equal(await ok('restart', 'life'), 'life')
  t.equal(await ok('wait', id.slice(0, 10)), '3')
  t.equal(await ok('logs', 'life'), 'run\nrun\nrun')
  t.equal(await ok('rm', 'life'), 'life')
  t.match(await run('inspect', 'life'), { exitCode: 125 })
})

t.test('start -a -i of a container with input', async (t) => {
  await ok('create', '-i', '--network', 'none', '--name', 'input', 'host', 'cat')
  const started = await runCommand(['start', '-a', '-i', 'input'], { ...bench, input: 'given\n' })
  t.match(started, { exitCode: 0, stdout: 'given\n' })
  await ok('rm', 'input')
})

t.test('what is not there, or not in that state', async (t) => {
  await detached('running', 'sleep', '1000')
  await ok('create', '--network', 'none', '--name', 'fresh', 'host', 'true')
  const rows: readonly [args: readonly string[], exitCode: number, says: RegExp][] = [
    [['start', 'nobody'], 125, /no such container: nobody/],
    [['stop', 'nobody'], 125, /nobody/],
    [['kill', 'nobody'], 125, /nobody/],
    [['wait', 'nobody'], 125, /nobody/],
    [['exec', 'nobody', 'true'], 125, /nobody/],
    [['rm', 'nobody'], 1, /nobody/],
    [['rm', 'running'], 1, /rm -f/],
    [['kill', 'fresh'], 1, /fresh/],
    [['pause', 'fresh'], 1, /fresh/],
    [['unpause', 'running'], 1, /running/],
    [['exec', 'fresh', 'true'], 1, /fresh/],
    [['attach', 'fresh'], 1, /fresh/],
    [['rename', 'fresh', 'running'], 125, /running/],
    [['kill', '-s', 'NOSUCH', 'running'], 125, /NOSUCH/],
  ]
  for (const [args, exitCode, says] of rows) {
    const result = await run(...args)
    t.equal(result.exitCode, exitCode, args.join(' '))
    t.match(result.stderr, says)
    t.equal(result.stdout, '')
  }
  t.strictSame(await run('rm', '-f', 'nobody'), { exitCode: 0, stdout: '', stderr: '' })
  t.match(await run('stop', 'fresh'), { exitCode: 0, stdout: 'fresh\n' })
  t.match(await run('rm', '-f', 'nobody', 'fresh', 'running'), { exitCode: 0 })
})

t.test('several at once: each gets its turn', async (t) => {
  await detached('one', 'sleep', '1000')
  await detached('two', 'sleep', '1000')
  const result = await run('stop', '-t', '0', 'one', 'nobody', 'two')
  t.match(result, { exitCode: 125, stdout: 'one\ntwo\n', stderr: /nobody/ })
  t.equal(await ok('rm', 'one', 'two'), 'one\ntwo')
})

t.test('stop', async (t) => {
  t.test('asks first', async (t) => {
    await handling('polite', 'trap "exit 4" TERM')
    t.match(await run('stop', '-t', '20', 'polite'), {
      exitCode: 0,
      stdout: 'polite\n',
      stderr: '',
    })
    t.equal(await inspect('polite', '.State.ExitCode'), 4)
  })
  t.test('then kills, and says why it had to wait', async (t) => {
    await detached('deaf', 'sleep', '1000')
    const result = await run('stop', '-t', '1', 'deaf')
    t.match(result, { exitCode: 0, stdout: 'deaf\n', stderr: /does not handle SIGTERM.*--init/ })
    t.equal(await inspect('deaf', '.State.ExitCode'), 137)
    await handling('stubborn', 'trap "" USR2; trap ": no" TERM')
    t.match(await run('stop', '-t', '1', 'stubborn'), { exitCode: 0, stderr: /more time/ })
  })
  t.test('with the container’s own signal and time', async (t) => {
    await handling('own', 'trap "exit 6" USR1', '--stop-signal', 'USR1', '--stop-timeout', '20')
    await ok('stop', 'own')
    t.equal(await inspect('own', '.State.ExitCode'), 6)
  })
  t.test('a paused one', async (t) => {
    await handling('frozen', 'trap "exit 7" TERM')
    await ok('pause', 'frozen')
    t.match(await ok('ps', '--filter', 'name=frozen', '--format', '{{.Status}}'), /\(Paused\)$/)
    t.equal(await ok('stop', '-t', '20', 'frozen'), 'frozen')
    t.equal(await inspect('frozen', '.State.ExitCode'), 7)
  })
})

t.test('kill', async (t) => {
  await handling('target', 'trap "echo one" USR1; trap "exit 3" TERM')
  await ok('kill', '-s', 'USR1', 'target')
  await waitUntil('the handler ran', async () => (await ok('logs', 'target')).includes('one'))
  await ok('kill', '--signal', '15', 'target')
  t.equal(await ok('wait', 'target'), '3')
  await ok('start', 'target')
  await ok('kill', 'target')
  t.equal(await inspect('target', '.State.ExitCode'), 137)
})

t.test('pause and unpause', async (t) => {
  await detached('still', 'sh', '-c', 'while :; do echo tick; sleep 0.01; done')
  await ok('pause', 'still')
  t.strictSame(await inspect('still', '.State.Paused'), true)
  const before = await ok('logs', 'still')
  t.equal(await ok('logs', 'still'), before, 'nothing runs')
  t.match(await run('exec', 'still', 'true'), { exitCode: 1, stderr: /npause/ })
  t.match(await run('pause', 'still'), { exitCode: 1, stderr: /paused/ })
  await ok('unpause', 'still')
  await waitUntil('it goes on', async () => (await ok('logs', 'still')) !== before)
  await ok('pause', 'still')
  await ok('rm', '-f', 'still')
})

t.test('rename', async (t) => {
  const id = await detached('before', 'sleep', '1000')
  await ok('rename', 'before', 'after')
  t.equal(await inspect('after', '.Id'), id)
  t.match(await run('inspect', 'before'), { exitCode: 125 })
  await ok('create', '--network', 'none', '--name', 'before', 'host', 'true')
  t.match(await run('rename', 'after', 'before'), { exitCode: 125, stderr: /before/ })
  t.match(await run('rename', 'after', 'no/good'), { exitCode: 125 })
  t.equal(await inspect('after', '.Name'), '/after')
})

t.test('rename of a --rm container leaves the names of others alone', async (t) => {
  await ok('run', '-d', '--rm', '--network', 'none', '--name', 'short', 'host', 'sleep', '1000')
  await ok('rename', 'short', 'shorter')
  t.match(await run('create', '--name', 'short', 'host', 'true'), { exitCode: 125 })
  await ok('rm', '-f', 'shorter')
  await ok('create', '--network', 'none', '--name', 'short', 'host', 'true')
  await ok('create', '--network', 'none', '--name', 'shorter', 'host', 'true')
  t.equal(await inspect('short', '.State.Status'), 'created')
})

t.test('exec', async (t) => {
  await detached('box', 'sleep', '1000')
  const rows: readonly [
    title: string,
    args: readonly string[],
    exitCode: number,
    output: string,
  ][] = [
    ['exit code', ['box', 'sh', '-c', 'exit 5'], 5, ''],
    ['output', ['box', 'echo', 'out'], 0, 'out\n'],
    ['-w', ['-w', '/tmp', 'box', 'pwd'], 0, '/tmp\n'],
    ['-e', ['-e', 'A=b', 'box', 'sh', '-c', 'echo $A'], 0, 'b\n'],
    ['-u by name', ['-u', 'nobody', 'box', 'id', '-u'], 0, '65534\n'],
    ['-u by number', ['-u', '12:34', 'box', 'id', '-g'], 0, '34\n'],
    ['no such program', ['box', '/no/such'], 127, ''],
    ['not in PATH', ['box', 'no-such'], 127, ''],
    ['not executable', ['box', '/etc/passwd'], 126, ''],
    ['a signal', ['box', 'sh', '-c', 'kill -TERM $$'], 143, ''],
    ['same processes', ['box', 'cat', '/proc/1/comm'], 0, 'sleep\n'],
  ]
  for (const [title, args, exitCode, stdout] of rows)
    t.match(await run('exec', ...args), { exitCode, stdout }, title)
  const input = Buffer.alloc(2_000_000, 'x')
  const piped = await runCommand(['exec', '-i', 'box', 'wc', '-c'], { ...bench, input })
  t.equal(piped.stdout.trim(), '2000000')
  await ok('exec', '-d', 'box', 'sh', '-c', 'echo made > /tmp/made; exec sleep 1001')
  await waitUntil(
    'it ran',
    async () => (await run('exec', 'box', 'cat', '/tmp/made')).stdout === 'made\n',
  )
  t.match(await ok('top', 'box'), /sleep 1001/)
  await ok('rm', '-f', 'box')
})

t.test('attach to a container with input', async (t) => {
  await ok('run', '-d', '-i', '--network', 'none', '--name', 'reader', 'host', 'head', '-n', '1')
  const attached = await runCommand(['attach', 'reader'], { ...bench, input: 'typed\n' })
  t.match(attached, { exitCode: 0, stdout: 'typed\n' })
  await ok('rm', 'reader')
})

t.test('prune removes what has ended, and nothing else', async (t) => {
  await ok('rm', '-f', ...(await ok('ps', '-aq')).split('\n'))
  const running = await detached('stays', 'sleep', '1000')
  const ended = await detached('goes', 'true')
  await ok('wait', 'goes')
  t.match(await ok('prune', '-f'), ended)
  t.equal(await ok('ps', '-aq', '--no-trunc'), running)
})

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, runCommand, startCommand, waitUntil } from './command-line.ts'

// Needs root.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)
const quiet = ['run', '--rm', '--network', 'none']

const sum = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

t.test('exit codes are those of docker', async (t) => {
  const rows: readonly [title: string, args: readonly string[], exitCode: number, says?: RegExp][] =
    [
      ['success', ['host', 'true'], 0],
      ['failure', ['host', 'sh', '-c', 'exit 7'], 7],
      ['highest', ['host', 'sh', '-c', 'exit 255'], 255],
      ['killed', ['--init', 'host', 'sh', '-c', 'kill -KILL $$'], 137],
      ['ended by a signal', ['--init', 'host', 'sh', '-c', 'kill -TERM $$'], 143],
      ['no such program', ['host', '/no/such'], 127, /\/no\/such/],
      ['no such program in PATH', ['host', 'no-such'], 127, /no-such/],
      ['not executable', ['host', '/etc/passwd'], 126, /\/etc\/passwd/],
      ['a folder', ['host', '/etc'], 126, /\/etc/],
      ['no such image', ['no-such-image', 'true'], 125, /no-such-image/],
      ['unknown flag', ['--naem', 'x', 'host', 'true'], 125, /--name/],
      ['no image', [], 125],
      ['time is over', ['--timeout', '1', 'host', 'sleep', '100'], 137],
      ['a terminal without one', ['-it', 'host', 'sh'], 1, /not a terminal/],
    ]
  for (const [title, args, exitCode, says] of rows) {
    const result = await bench.run(...quiet, ...args)
    t.equal(result.exitCode, exitCode, title)
    if (says) t.match(result.stderr, says, `${title}: says why`)
    if (exitCode >= 125 && exitCode <= 127)
      t.equal(result.stderr.trimEnd().split('\n').length, 1, `${title}: in one line`)
  }
  t.equal(await bench.ok('ps', '-aq'), '', 'no trace')
})

t.test('streams', async (t) => {
  t.test('stdout and stderr stay apart', async (t) => {
    const result = await bench.run(...quiet, 'host', 'sh', '-c', 'echo out; echo err >&2')
    t.strictSame(result, { exitCode: 0, stdout: 'out\n', stderr: 'err\n' })
  })
  t.test('-i hands input on, byte for byte, and its end', async (t) => {
    const input = randomBytes(6_000_000).toString('base64')
    const { stdout } = await runCommand([...quiet, '-i', 'host', 'cat'], { ...bench, input })
    t.equal(sum(stdout), sum(input))
    const empty = await runCommand([...quiet, '-i', 'host', 'wc', '-c'], bench)
    t.equal(empty.stdout.trim(), '0')
  })
  t.test('without -i there is no input', async (t) => {
    const { stdout } = await runCommand([...quiet, 'host', 'cat'], { ...bench, input: 'text' })
    t.equal(stdout, '')
  })
  t.test('a program that reads little does not stop the command', async (t) => {
    const input = Buffer.alloc(3_000_000, 'line\n')
    const args = [...quiet, '-i', 'host', 'head', '-n', '1']
    t.match(await runCommand(args, { ...bench, input }), { exitCode: 0, stdout: 'line\n' })
  })
  t.test('much output arrives complete', async (t) => {
    const { stdout } = await bench.run(...quiet, 'host', 'seq', '1', '400000')
    t.equal(stdout.length, 2_688_895)
    t.ok(stdout.endsWith('\n399999\n400000\n'))
  })
  t.test('output whose reader has gone away does not hang the command', async (t) => {
    const child = startCommand([...quiet, 'host', 'seq', '1', '1000000'], bench)
    child.stdin.end()
    child.stderr.resume()
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await once(child, 'exit')
    await waitUntil('nothing is left', async () => (await bench.ok('ps', '-aq')) === '')
    t.pass()
  })
  t.test('-a stderr shows only that', async (t) => {
    const args = [...quiet, '-a', 'stderr', 'host', 'sh', '-c', 'echo out; echo err >&2']
    t.match(await bench.run(...args), { stdout: '', stderr: 'err\n' })
  })
})

t.test('signals of a foreground command go to the container', async (t) => {
  const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'
  const child = startCommand([...quiet, 'host', 'sh', '-c', script], bench)
  child.stdin.end()
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  t.equal(code, 9)
})

t.test('environment, labels and files of a run', async (t) => {
  const envFile = join(bench.folder, 'env')
  writeFileSync(envFile, '# comment\nONE=1\nTWO=2 words\nINHERITED\nABSENT\n')
  const env = { INHERITED: 'yes' }
  const args = [...quiet, '--env-file', envFile, '-e', 'ONE=first', 'host', 'env']
  const lines = (await runCommand(args, { ...bench, env })).stdout.split('\n')
  t.ok(lines.includes('ONE=first'), '-e wins')
  t.ok(lines.includes('TWO=2 words'))
  t.ok(lines.includes('INHERITED=yes'))
  t.notOk(lines.some((line) => line.startsWith('ABSENT')))

  const cidfile = join(bench.folder, 'cid')
  const id = await bench.ok(
    'run',
    '-d',
    '--cidfile',
    cidfile,
    '--label',
    'a=b',
    '--network',
    'none',
    'host',
    'true',
  )
  t.equal(readFileSync(cidfile, 'utf8'), id)
  t.match(await bench.run('run', '--cidfile', cidfile, 'host', 'true'), { exitCode: 125 })
  t.strictSame(await bench.inspect(id, '.Config.Labels'), { a: 'b' })
  await bench.ok('rm', '-f', id)
  const failing = join(bench.folder, 'failing')
  await bench.run('run', '--cidfile', failing, 'no-such-image')
  t.notOk(existsSync(failing), 'no container, no file')
})

t.test('--init reaps what is orphaned and hands signals on', async (t) => {
  const script =
    'trap "exit 8" TERM; (sleep 0.01 & exec true) & echo ready; while :; do sleep 0.05; done'
  const name = 'with-init'
  await bench.ok(
    'run',
    '-d',
    '--init',
    '--network',
    'none',
    '--name',
    name,
    'host',
    'sh',
    '-c',
    script,
  )
  await waitUntil('it is ready', async () => (await bench.ok('logs', name)) === 'ready')
  await waitUntil(
    'no zombie is left',
    async () => !(await bench.ok('top', name, '-o', 'stat,args')).includes('Z'),
  )
  await bench.ok('stop', '-t', '10', name)
  t.equal(await bench.inspect(name, '.State.ExitCode'), 8)
})

t.test('a run in the background', async (t) => {
  const id = await bench.ok(
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'back',
    'host',
    'sleep',
    '1000',
  )
  t.match(id, /^[0-9a-f]{64}$/)
  t.match(await bench.run('run', '-d', '--name', 'back', 'host', 'true'), {
    exitCode: 125,
    stderr: /back/,
  })
  t.equal(await bench.ok('ps', '-q', '--no-trunc'), id)
  t.equal(await bench.ok('rm', '-f', 'back'), 'back')
  await bench.ok('run', '-d', '--rm', '--network', 'none', '--name', 'gone', 'host', 'true')
  await waitUntil('--rm removes it', async () => !(await bench.ok('ps', '-a')).includes('gone'))
})

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, makeRoot, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root. Who the program is: text from users and images must never end up as root by mistake.

const bench = commandBench(t)
const quiet = ['--network', 'none']
makeImage(bench, 'plain')
await bench.ok('run', '-d', ...quiet, '--name', 'running', 'plain', 'sleep', '1000')

/** What is refused, and what it must never become: root through an overflow or a sloppy parser. */
const refused: readonly string[] = [
  ' 0|0 |+0|-0|-1|0x0|1e3|4294967296|4294967295|2147483648',
  '18446744073709551616|99999999999999999999|1:-1|1: 0|:0x0|0:4294967296',
  '1:4294967295|1000 :0|1:2:3|no-such-user|1000:no-such-group|1.5|０',
].flatMap((users) => users.split('|'))

const accepted: readonly [user: string, ids: string][] = [
  ['0', '0 0'],
  ['1000', '1000 1000'],
  ['1000:0', '1000 0'],
  ['guest', '1000 1000'],
  ['guest:root', '1000 0'],
  ['2147483647', '2147483647 0'],
  ['1:2147483647', '1 2147483647'],
]
const ids = 'echo $(id -u) $(id -g)'

t.test('CVE-2026-30892: -u of exec and run', async (t) => {
  for (const user of refused) {
    const exec = await bench.run('exec', '-u', user, 'running', 'sh', '-c', ids)
    t.match(exec, { stdout: '' }, `exec -u "${user}"`)
    t.not(exec.exitCode, 0, `exec -u "${user}" fails`)
    const run = await runShell(bench, 'plain', ids, `--user=${user}`)
    t.match(run, { stdout: '', exitCode: 125 }, `run -u "${user}"`)
  }
  for (const [user, wanted] of accepted) {
    t.equal(
      await bench.ok('exec', '-u', user, 'running', 'sh', '-c', ids),
      wanted,
      `exec -u ${user}`,
    )
    t.equal(
      (await runShell(bench, 'plain', ids, '-u', user)).stdout,
      `${wanted}\n`,
      `run -u ${user}`,
    )
  }
})

t.test('CVE-2024-40635, CVE-2026-46680: USER of an image', async (t) => {
  const root = makeRoot(bench, {})
  execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
  const program = join(import.meta.dirname, '../../bin/myimage')
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  for (const user of [
    '4294967296',
    '2147483648',
    '-1',
    '1:4294967296',
    '65536000000000000000000',
  ]) {
    execFileSync(program, ['import', '-c', `USER ${user}`, `${root}.tar`, 'with-user'], { env })
    const { exitCode, stdout } = await runShell(bench, 'with-user', ids)
    t.match({ exitCode, stdout }, { exitCode: 125, stdout: '' }, `USER ${user}`)
  }
})

t.test('accounts of an image: lines that are nonsense give nobody root', async (t) => {
  const shell = (text: string): string => `printf '${text}' > /etc/passwd; sleep 1000`
  for (const [line, user] of [
    ['evil:x:4294967296:0::/:/bin/sh\\n', 'evil'],
    ['evil:x::0::/:/bin/sh\\n', 'evil'],
    ['evil:x:-1:0::/:/bin/sh\\n', 'evil'],
    ['evil\\n', 'evil'],
    ['1234:x:0:0::/:/bin/sh\\n', '1234'],
  ] as const) {
    const name = await bench.ok('run', '-d', ...quiet, 'plain', 'sh', '-c', shell(line))
    const { stdout } = await bench.run('exec', '-u', user, name, 'sh', '-c', 'id -u')
    t.not(stdout, '0\n', line)
    await bench.ok('rm', '-f', '-t', '0', name)
  }
})

t.test('an /etc/passwd that hangs or leads out is not waited for', async (t) => {
  const fifo = makeRoot(bench, {})
  execFileSync('sh', ['-c', 'rm "$0/etc/passwd"; mkfifo "$0/etc/passwd"', fifo])
  const hanging = await bench.run(
    'run',
    '--rm',
    ...quiet,
    '-u',
    'guest',
    '--rootfs',
    fifo,
    '/bin/true',
  )
  t.equal(hanging.exitCode, 125, 'a FIFO')
  const link = makeRoot(bench, {})
  execFileSync('sh', ['-c', 'ln -sf /etc/passwd.host "$0/etc/passwd"', link])
  const linked = await bench.run(
    'run',
    '--rm',
    ...quiet,
    '-u',
    'daemon',
    '--rootfs',
    link,
    '/bin/true',
  )
  t.equal(linked.exitCode, 125, 'a link')
})

t.test('CVE-2020-14370: no variable of one container or of the host reaches another', async (t) => {
  await bench.ok(
    'run',
    '-d',
    ...quiet,
    '--name',
    'first',
    '-e',
    'SECRET=one',
    'plain',
    'sleep',
    '1000',
  )
  await bench.ok('exec', '-e', 'OTHER=two', 'first', 'true')
  for (const args of [
    ['run', '--rm', ...quiet, 'plain', 'env'],
    ['exec', 'running', 'env'],
    ['exec', 'first', 'env'],
  ]) {
    const lines = (await bench.ok(...args)).split('\n').map((line) => line.split('=')[0] ?? '')
    const own = new Set(['PATH', 'HOSTNAME', 'HOME', 'container', 'PWD', 'SHLVL', 'TERM'])
    if (args.includes('first')) own.add('SECRET')
    t.strictSame(
      lines.filter((name) => !own.has(name)),
      [],
      args.join(' '),
    )
  }
})

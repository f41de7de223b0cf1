import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, runShell } from './attack.ts'
import { commandBench, commandPath } from './command-line.ts'
import { openTerminal } from './terminal-session.ts'

// Needs root. What the program may ask of the kernel.

const bench = commandBench(t)
const quiet = ['--network', 'none']
makeImage(bench, 'plain')
await bench.ok('run', '-d', ...quiet, '--name', 'running', 'plain', 'sleep', '1000')

const capabilities = 'grep -E "^Cap(Inh|Amb)" /proc/self/status | tr "\\n\\t" "  "'
const none = /^CapInh: 0{16} CapAmb: 0{16} $/

t.test(
  'CVE-2022-29162, CVE-2022-24769, CVE-2022-27649, CVE-2022-27650: nothing is inheritable',
  async (t) => {
    const rows = [
      [],
      ['-u', '1000'],
      ['--cap-add', 'ALL'],
      ['--privileged'],
      ['--userns', 'auto'],
      ['--init'],
    ]
    for (const flags of rows)
      t.match(
        (await runShell(bench, 'plain', capabilities, ...flags)).stdout,
        none,
        `run ${flags.join(' ')}`,
      )
    for (const flags of [[], ['-u', '1000'], ['--privileged']]) {
      const { stdout } = await bench.run('exec', ...flags, 'running', 'sh', '-c', capabilities)
      t.match(stdout, none, `exec ${flags.join(' ')}`)
    }
    const bounding = await runShell(bench, 'plain', 'grep ^CapBnd /proc/self/status')
    const exec = await bench.run('exec', 'running', 'grep', '^CapBnd', '/proc/self/status')
    t.equal(exec.stdout, bounding.stdout, 'exec may do what run may, and no more')
  },
)

t.test('CVE-2014-8989: groups cannot be dropped where the mapping did not need root', async (t) => {
  const shell = 'cat /proc/self/setgroups; id -G'
  const mapped = await runShell(bench, 'plain', shell, '--userns', 'auto')
  t.equal(mapped.exitCode, 0, mapped.stderr)
  // An ordinary user without subordinate ids has one id mapped: there the kernel demands "deny".
  const folder = mkdtempSync(join(tmpdir(), 'ordinary-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  chownSync(folder, 65_534, 65_534)
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const command = [commandPath, 'run', '--rm', ...quiet, 'host', 'cat', '/proc/self/setgroups']
  const env = { PATH: process.env['PATH'], HOME: folder, MYCONTAINER_ROOT: join(folder, 'state') }
  const ordinary = spawnSync('setpriv', [...user, ...command], { env, encoding: 'utf8' })
  t.match(ordinary, { status: 0, stdout: 'deny\n' }, 'one mapped id', { stderr: ordinary.stderr })
})

t.test('CVE-2026-31431: no sockets into the kernel’s crypto', async (t) => {
  const AF_ALG = '38'
  for (const flags of [[], ['--cap-add', 'ALL'], ['-u', '1000'], ['--userns', 'auto']]) {
    const { stdout } = await bench.run(
      'run',
      '--rm',
      ...quiet,
      ...flags,
      'plain',
      '/bin/attack',
      'socket',
      AF_ALG,
    )
    t.equal(stdout, 'socket: EPERM\n', `run ${flags.join(' ')}`)
  }
  t.equal(await bench.ok('exec', 'running', '/bin/attack', 'socket', AF_ALG), 'socket: EPERM')
  const AF_UNIX = '1'
  t.equal(await bench.ok('exec', 'running', '/bin/attack', 'socket', AF_UNIX), 'socket: done')
})

t.test('CVE-2022-0492: no new user namespace, no release_agent', async (t) => {
  const refused = /^unshare: EPERM\nclone: EPERM\nclone3: (EPERM|ENOSYS)\nsetns: EPERM\n?$/
  const { stdout } = await bench.run(
    'run',
    '--rm',
    ...quiet,
    'plain',
    '/bin/attack',
    'user-namespaces',
  )
  t.match(stdout, refused, 'run')
  t.match(await bench.ok('exec', 'running', '/bin/attack', 'user-namespaces'), refused, 'exec')
  const agent =
    'mkdir /c; for o in memory rdma cpu devices none,name=x; do mount -t cgroup -o $o cgroup /c && echo mounted; done; ' +
    'find /sys/fs/cgroup -name release_agent | while read f; do (: >> $f) && echo "opens $f"; done; echo end'
  t.equal((await runShell(bench, 'plain', `(${agent}) 2>/dev/null`)).stdout, 'end\n')
})

t.test('CVE-2023-25809: the cgroup tree cannot be written', async (t) => {
  const probe =
    'mkdir /sys/fs/cgroup/x && echo made; (echo $$ > /sys/fs/cgroup/cgroup.procs) && echo wrote; ' +
    'find /sys/fs/cgroup -type f | head -20 | while read f; do (: >> $f) && echo "opens $f"; done; echo end'
  for (const flags of [[], ['--cgroupns', 'host'], ['--userns', 'auto'], ['--pid', 'host']]) {
    const { stdout } = await runShell(bench, 'plain', `(${probe}) 2>/dev/null`, ...flags)
    t.equal(stdout, 'end\n', flags.join(' '))
  }
})

t.test('TIOCSTI: a container types nothing into the terminal of the host', async (t) => {
  const session = openTerminal(
    [
      'run',
      '--rm',
      '-it',
      ...quiet,
      'plain',
      '/bin/sh',
      '-c',
      '/bin/attack push-input; tty; echo end',
    ],
    bench,
  )
  t.teardown(session.kill)
  await session.expect(/end/)
  await session.ended
  t.match(session.screen(), /\/dev\/pts\/0\n/, 'its terminal is one of its own devpts')
  const shown = await bench.run('run', '--rm', '-i', ...quiet, 'plain', '/bin/attack', 'push-input')
  t.match(shown.stdout, /ioctl: (EPERM|ENOTTY|EIO)/, 'and no terminal else')
})

t.test('setsid, keyrings: a session and keys of its own', async (t) => {
  const open = ['--security-opt', 'seccomp=unconfined']
  const { stdout } = await bench.run(
    'run',
    '--rm',
    ...quiet,
    ...open,
    'plain',
    '/bin/attack',
    'session',
  )
  t.match(
    stdout,
    /^leader 1\nkeyring [1-9]\d*\nname keyring;\d+;\d+;[0-9a-f]+;_ses\.[0-9a-f]{64}\n$/,
  )
  const inExec = await bench.run('exec', '--privileged', 'running', '/bin/attack', 'session')
  t.match(inExec.stdout, /^leader 1\n/, 'exec leads a session too')
  const filtered = await bench.run('run', '--rm', ...quiet, 'plain', '/bin/attack', 'session')
  t.match(filtered.stdout, /keyring -1/, 'the filter refuses keyctl')
})

t.test('processes of the host stay out of reach', async (t) => {
  const shell = 'ls /proc | grep -c "^[0-9]"; kill -9 -1; echo alive'
  const { stdout } = await runShell(bench, 'plain', shell)
  t.match(stdout, /^[1-9]\nalive\n$/)
  t.equal(
    (
      await runShell(
        bench,
        'plain',
        'cat /proc/self/oom_score_adj; echo -1000 > /proc/self/oom_score_adj; cat /proc/self/oom_score_adj',
      )
    ).stdout,
    '0\n0\n',
  )
})

t.test('GHSA-jq35-85cj-fj4p: masks hold in a user namespace too', async (t) => {
  const probe =
    'wc -c < /proc/keys; ls -A /sys/firmware; umount /proc/keys 2>/dev/null || echo held'
  const { stdout } = await runShell(bench, 'plain', probe, '--userns', 'auto')
  t.equal(stdout, '0\nheld\n')
})

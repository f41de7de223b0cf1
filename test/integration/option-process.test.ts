import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { statusField } from '../../runtime/inspect-host/host-facts.ts'
import { commandBench, commandPath, runCommand } from './command-line.ts'
import { testRows } from './option-row.ts'
import { startEngine } from './resident-engine.ts'

// Needs root. Who the program is, what it may do and what it is told.

t.setTimeout(120_000)
const bench = commandBench(t)
const quick = ['--network', 'none']
const file = (name: string, text: string): string => {
  const path = join(bench.folder, name)
  writeFileSync(path, text)
  return path
}
const status = (field: string): string => `grep ^${field}: /proc/self/status | cut -f2`

t.test('user and groups', async (t) =>
  testRows(t, bench, [
    { title: 'root', flags: [], shell: 'id -u; id -g; echo $HOME', prints: '0\n0\n/root' },
    {
      title: 'a name',
      flags: ['-u', 'nobody'],
      shell: 'id',
      prints: 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)',
    },
    {
      title: 'an unknown number',
      flags: ['-u', '1234'],
      shell: 'id -u; id -g; echo $HOME',
      prints: '1234\n0\n/',
    },
    {
      title: 'two numbers',
      flags: ['-u', '1234:5678'],
      shell: 'id -u; id -g; id -G',
      prints: '1234\n5678\n5678',
    },
    {
      title: 'two names',
      flags: ['-u', 'nobody:daemon'],
      shell: 'id -un; id -gn',
      prints: 'nobody\ndaemon',
    },
    {
      title: '--group-add',
      flags: ['--group-add', '10', '--group-add', 'daemon'],
      shell: 'id -G',
      prints: '0 1 10',
    },
    {
      title: 'no rights but for root',
      flags: ['-u', '1234'],
      shell: status('CapEff'),
      prints: '0000000000000000',
    },
  ]),
)

/** What this process could hand on: a test machine need not have all. */
const bounding = BigInt(`0x${statusField(readFileSync('/proc/self/status', 'utf8'), 'CapBnd')}`)
const asMask = (mask: bigint): string => (mask & bounding).toString(16).padStart(16, '0')
const sysAdmin = 1n << 21n

t.test('capabilities and confinement', async (t) => {
  const mkdirRefused = file(
    'no-mkdir.json',
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
    }),
  )
  const sets = `${status('CapEff')}; ${status('CapBnd')}`
  const both = (mask: bigint): string => `${asMask(mask)}\n${asMask(mask)}`
  await testRows(t, bench, [
    { title: 'default set', flags: [], shell: sets, prints: both(0x800405fbn) },
    {
      title: 'drop all, add one',
      flags: ['--cap-drop', 'ALL', '--cap-add', 'chown'],
      shell: sets,
      prints: both(1n),
    },
    {
      title: 'drop one',
      flags: ['--cap-drop', 'CAP_KILL'],
      shell: sets,
      prints: both(0x800405dbn),
    },
    {
      title: 'all but one',
      flags: ['--cap-add', 'ALL', '--cap-drop', 'SYS_ADMIN'],
      shell: sets,
      prints: both(~sysAdmin & (2n ** 41n - 1n)),
    },
    {
      title: '--privileged',
      flags: ['--privileged'],
      shell: `${sets}; ${status('Seccomp')}`,
      prints: `${both(2n ** 41n - 1n)}\n0`,
    },
    {
      title: '--privileged may write to /sys and /proc/sys',
      flags: ['--privileged'],
      shell:
        'grep -c " /proc/\\| /sys/firmware" /proc/mounts; echo 1 > /proc/sys/net/ipv4/ip_forward && echo ok',
      prints: '0\nok',
      exitCode: 0,
    },
    {
      title: '--privileged has the devices',
      flags: ['--privileged'],
      shell: 'test -c /dev/kmsg && echo ok',
      prints: 'ok',
    },
    {
      title: 'no-new-privileges',
      flags: ['--security-opt', 'no-new-privileges'],
      shell: status('NoNewPrivs'),
      prints: '1',
    },
    { title: 'a filter by default', flags: [], shell: status('Seccomp'), prints: '2' },
    {
      title: 'seccomp=unconfined',
      flags: ['--security-opt', 'seccomp=unconfined'],
      shell: status('Seccomp'),
      prints: '0',
    },
    {
      title: 'seccomp=FILE',
      flags: ['--security-opt', `seccomp=${mkdirRefused}`],
      shell: 'mkdir /x 2>&1',
      prints: /not supported/,
      exitCode: 1,
    },
    {
      title: 'masked and read-only',
      flags: [],
      shell: 'wc -c < /proc/keys; touch /proc/sys/kernel/domainname 2>&1; ls /sys/firmware',
      prints: /^0\n.*(?:Read-only|denied)/,
    },
    {
      title: 'unmask=PATH',
      flags: ['--security-opt', 'unmask=/proc/keys'],
      shell: 'grep -c " /proc/keys " /proc/mounts',
      prints: '0',
      exitCode: 1,
    },
    {
      title: 'unmask=ALL',
      flags: ['--security-opt', 'unmask=ALL'],
      shell: 'grep -c " /proc/" /proc/mounts',
      prints: '0',
      exitCode: 1,
    },
    {
      title: 'systempaths=unconfined',
      flags: ['--security-opt', 'systempaths=unconfined'],
      shell: 'grep -c " /proc/" /proc/mounts',
      prints: '0',
      exitCode: 1,
    },
    {
      title: 'mask=PATH',
      flags: ['--security-opt', 'mask=/etc/passwd'],
      shell: 'wc -c < /etc/passwd',
      prints: '0',
    },
  ])
})

t.test('environment, names and places', async (t) => {
  const variables = file('variables', '# a comment\n\nX=1\nY=a b\nFROM_HOST\n')
  await testRows(t, bench, [
    {
      title: '-e',
      flags: ['-e', 'A=1', '-e', 'B=', '-e', 'NOT_SET_HERE'],
      shell: 'echo "$A,$B,${B+set},${NOT_SET_HERE-unset}"',
      prints: '1,,set,unset',
    },
    {
      title: '--env-file, and -e after it',
      flags: ['--env-file', variables, '-e', 'X=2'],
      shell: 'echo "$X,$Y"',
      prints: '2,a b',
    },
    {
      title: '--hostname',
      flags: ['--hostname', 'foo', '--domainname', 'bar.org'],
      shell: 'uname -n; cat /proc/sys/kernel/domainname /etc/hostname',
      prints: 'foo\nbar.org\nfoo',
    },
    { title: '-w makes the folder', flags: ['-w', '/new/dir'], shell: 'pwd', prints: '/new/dir' },
    { title: '--umask', flags: ['--umask', '077'], shell: 'umask', prints: '0077' },
    { title: '--tz', flags: ['--tz', 'Asia/Tokyo'], shell: 'date +%z', prints: '+0900' },
    {
      title: '--personality',
      flags: ['--personality', 'LINUX32'],
      shell: 'uname -m',
      prints: /^i686|arm/,
    },
    {
      title: '--sysctl',
      flags: ['--sysctl', 'kernel.shmmax=1000000', '--sysctl', 'net.ipv4.ip_forward=1'],
      shell: 'cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_forward',
      prints: '1000000\n1',
    },
    {
      title: '--init',
      flags: ['--init'],
      shell: 'cat /proc/1/comm; echo $PPID',
      prints: /^(?!sh)\S+\n1$/,
    },
    { title: 'without --init', flags: [], shell: 'cat /proc/1/comm; echo $PPID', prints: 'sh\n0' },
  ])
  const seen = await runCommand(
    ['run', '--rm', ...quick, '-e', 'ONE', '--env-file', variables, 'host', 'env'],
    { ...bench, env: { ONE: '1', FROM_HOST: 'yes' } },
  )
  t.match(seen.stdout, /^ONE=1$/mu, 'a variable of the caller by name')
  t.match(seen.stdout, /^FROM_HOST=yes$/mu, 'the same in a file')
})

t.test('entry point, labels and annotations', async (t) => {
  const echo = async (...flags: string[]): Promise<string> =>
    bench.ok('run', '--rm', ...quick, ...flags)
  t.equal(await echo('--entrypoint', '/bin/echo', 'host', 'a', 'b'), 'a b')
  t.equal(await echo('--entrypoint', '["/bin/echo","x"]', 'host', 'a'), 'x a')
  t.equal(await echo('--entrypoint', '', 'host', 'echo', 'q'), 'q')
  await bench.ok(
    'create',
    '--name',
    'marked',
    '--label',
    'a=1',
    '--label',
    'b',
    '--annotation',
    'x.y=z',
    'host',
    'true',
  )
  t.match(await bench.inspect('marked', '.Config.Labels'), { a: '1', b: '' })
  t.match(await bench.inspect('marked', '.Config.Annotations'), { 'x.y': 'z' })
  await bench.ok('rm', 'marked')
})

t.test('devices', async (t) =>
  testRows(t, bench, [
    {
      title: 'as on the host',
      flags: ['--device', '/dev/zero:/dev/nul2'],
      shell: 'head -c 2 /dev/nul2 | wc -c',
      prints: '2',
    },
    {
      title: 'for reading alone',
      flags: ['--cap-drop', 'ALL', '--device', '/dev/kmsg:/dev/foo:r'],
      shell: '(echo x > /dev/foo) 2>&1',
      prints: /not permitted/,
      exitCode: 2,
    },
    {
      title: 'none but the usual ones can be opened',
      flags: ['--cap-add', 'MKNOD'],
      shell: 'mknod /tmp/kmsg c 1 11; cat /tmp/kmsg 2>&1',
      prints: /not permitted/,
      exitCode: 1,
    },
  ]),
)

t.test('descriptors of the caller', async (t) => {
  await bench.ok('run', '-d', ...quick, '--name', 'taker', 'host', 'sleep', '1000')
  const lender = file('lent', 'lent\n')
  const shell = 'cat <&3; readlink /proc/self/fd/4 || echo none'
  const places = [
    { place: 'exec', args: ['exec', '--preserve-fds', '1', 'taker'] },
    { place: 'run', args: ['run', '--rm', ...quick, '--preserve-fds', '1', 'host'] },
    {
      place: 'run --init',
      args: ['run', '--rm', '--init', ...quick, '--preserve-fds', '1', 'host'],
    },
  ]
  const call = (args: readonly string[], redirection: string) =>
    spawnSync('sh', ['-c', `exec "$0" "$@" ${redirection}`, commandPath, ...args], {
      env: { ...process.env, MYCONTAINER_ROOT: bench.root },
      encoding: 'utf8',
    })
  const check = (how: string): void => {
    for (const { place, args } of places) {
      const lent = call([...args, 'sh', '-c', shell], `3<${lender} 4<${lender}`)
      t.equal(lent.stdout, 'lent\nnone\n', `${place} hands on what it was asked to, ${how}`)
      const missing = call([...args, 'true'], '4</dev/null')
      t.match(missing.stderr, /descriptors 3 to 3/, `${place} hands on none of its own, ${how}`)
      t.not(missing.status, 0)
    }
  }
  check('without an engine')
  await startEngine(t, bench)
  check('with an engine')
})

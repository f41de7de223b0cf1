import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { eventually, ociBench, ociPath } from './oci-bench.ts'

// What the program of a container gets from its caller, and what the caller hears of it.

t.test('run stays until the end and ends as the program did', async (t) => {
  const { run, bundle, rootfs } = ociBench(t)
  writeFileSync(join(rootfs, 'bin/broken'), '#!/no/interpreter\n', { mode: 0o755 })
  const cases = [
    { title: 'its code', args: ['/bin/sh', '-c', 'exit 42'], code: 42 },
    { title: 'its signal', args: ['/bin/sh', '-c', 'kill -9 $$'], code: 0 },
    { title: 'found in PATH', args: ['true'], code: 0 },
    {
      title: 'not found in PATH',
      args: ['no-such-program'],
      code: 1,
      says: /executable file not found in \$PATH/,
    },
    { title: 'not there', args: ['/no/such/program'], code: 1, says: /no such file or directory/ },
    { title: 'a folder', args: ['/etc'], code: 1, says: /permission denied/ },
    {
      title: 'without its interpreter',
      args: ['/bin/broken'],
      code: 127,
      says: /no such file or directory/,
    },
  ]
  for (const { title, args, code, says } of cases)
    await t.test(title, async (t) => {
      const path = bundle((config) => Object.assign(config.process, { args }))
      const result = run(['run', '--bundle', path, 'one'])
      t.equal(result.code, code, result.stderr)
      if (says) t.match(result.stderr, says)
    })
  t.equal(run(['list', '-q']).stdout, '', 'each is deleted')
})

t.test('streams are those of the caller', async (t) => {
  const { run, bundle } = ociBench(t)
  const args = ['/bin/sh', '-c', 'cat; echo out; echo err >&2']
  const path = bundle((config) => Object.assign(config.process, { args }))
  t.match(run(['run', '--bundle', path, 'one'], { input: 'in\n' }), {
    code: 0,
    stdout: 'in\nout\n',
    stderr: 'err\n',
  })
})

t.test('an ordinary user may open its streams again', async (t) => {
  const { bundle, folder } = ociBench(t)
  const path = bundle((config) =>
    Object.assign(config.process, {
      args: ['/bin/sh', '-c', 'echo again > /dev/stdout'],
      user: { uid: 1234, gid: 1234 },
    }),
  )
  // Real pipes: Node's own are sockets, which nobody can open by name.
  const line = `${ociPath} --root ${folder}/state run -b ${path} one | cat`
  const text = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })
  t.equal(text, 'again\n')
})

t.test('descriptors: handed on, of socket activation, and no others', async (t) => {
  const { run, bundle, folder } = ociBench(t)
  const file = join(folder, 'given')
  writeFileSync(file, 'given\n')
  const args = ['/bin/sh', '-c', 'ls /proc/self/fd | head -c 100; cat <&3; env']
  const path = bundle((config) => Object.assign(config.process, { args }))
  const descriptor = openSync(file, 'r')
  t.teardown(() => closeSync(descriptor))
  const preserved = run(['run', '--preserve-fds', '1', '-b', path, 'one'], {
    descriptors: [descriptor],
  })
  t.match(preserved.stdout, /^0\n1\n2\n3\n4\ngiven\n/)
  t.notMatch(preserved.stdout, 'LISTEN_FDS')
  const again = openSync(file, 'r')
  t.teardown(() => closeSync(again))
  const listened = run(['run', '-b', path, 'two'], {
    descriptors: [again],
    env: { LISTEN_FDS: '1' },
  })
  t.match(listened.stdout, /given\n/)
  t.match(listened.stdout, 'LISTEN_FDS=1')
  t.match(listened.stdout, 'LISTEN_PID=1')
  const foreign = run(['run', '-b', path, 'three'], {
    descriptors: [again],
    env: { LISTEN_FDS: '1', LISTEN_PID: '1' },
  })
  t.notMatch(foreign.stdout, 'LISTEN_FDS=1')
})

t.test('exec hands on descriptors, and no others', async (t) => {
  const { run, bundle, folder } = ociBench(t)
  const path = bundle((config) => Object.assign(config.process, { args: ['/bin/sleep', '1000'] }))
  t.equal(run(['run', '-d', '-b', path, 'one']).code, 0)
  const file = join(folder, 'given')
  writeFileSync(file, 'given\n')
  const open = (): number => {
    const descriptor = openSync(file, 'r')
    t.teardown(() => closeSync(descriptor))
    return descriptor
  }
  const script = ['one', '/bin/sh', '-c', 'ls /proc/self/fd; cat <&3']
  const given = run(['exec', '--preserve-fds', '1', ...script], { descriptors: [open(), open()] })
  t.match(given, { code: 0, stdout: '0\n1\n2\n3\n4\ngiven\n' }, 'the 4 is of ls itself')
  const none = run(['exec', ...script], { descriptors: [open()] })
  t.match(none.stdout, /^0\n1\n2\n3\n$/)
  t.not(none.code, 0)
  const tooMany = run(['exec', '--preserve-fds', '3', ...script], { descriptors: [open()] })
  t.equal(tooMany.code, 255)
})

t.test('exec', async (t) => {
  const { run, ok, bundle, folder, state } = ociBench(t)
  const path = bundle((config) => Object.assign(config.process, { args: ['/bin/sleep', '1000'] }))
  t.equal(run(['run', '-d', '-b', path, 'one']).code, 0)
  const code = (...args: string[]): number | null => run(['exec', ...args]).code
  t.equal(code('one', '/bin/sh', '-c', 'exit 6'), 6)
  t.equal(code('one', '/no/such'), 255)
  t.equal(
    ok(
      'exec',
      '-u',
      '12:34',
      '-e',
      'A=b',
      '--cwd',
      '/tmp',
      'one',
      '/bin/sh',
      '-c',
      'id -u; id -g; echo $A $PWD',
    ),
    '12\n34\nb /tmp\n',
  )
  for (const user of [' 0', '4294967296', '1:-1', 'root', '1:', ''])
    t.equal(code('-u', user, 'one', '/bin/true'), 255, `CVE-2026-30892: user "${user}"`)
  const capabilities = ok(
    'exec',
    '--cap',
    'CAP_CHOWN',
    'one',
    '/bin/grep',
    'CapInh',
    '/proc/self/status',
  )
  t.match(capabilities, /CapInh:\s0+\n/, 'CVE-2022-29162')
  const section = join(folder, 'process.json')
  const process = { args: ['/bin/sh', '-c', 'echo section'], cwd: '/', user: { uid: 0, gid: 0 } }
  writeFileSync(section, JSON.stringify(process))
  t.equal(ok('exec', '--process', section, 'one'), 'section\n')
  const pidFile = join(folder, 'exec-pid')
  t.equal(code('--detach', '--pid-file', pidFile, 'one', '/bin/sleep', '1000'), 0)
  const pid = Number(readFileSync(pidFile, 'utf8'))
  t.strictSame(
    JSON.parse(ok('ps', '-f', 'json', 'one')),
    [state('one').pid, pid].toSorted((a, b) => a - b),
  )
})

t.test('a terminal: of its own, and the size of ours', async (t) => {
  const { bundle, folder } = ociBench(t)
  const path = bundle((config) =>
    Object.assign(config.process, {
      args: ['/bin/sh', '-c', 'tty; stty size; read line; echo got $line; exit 3'],
      terminal: true,
    }),
  )
  const inner = `stty rows 33 cols 99; ${ociPath} --root ${folder}/state run -b ${path} one; echo code $?`
  const child = spawn('script', ['-qec', inner, '/dev/null'], { stdio: 'pipe' })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually('the size of the terminal', () => text.includes('33 99'))
  child.stdin.write('words\n')
  await once(child, 'close')
  t.match(text, '/dev/pts/0')
  t.match(text, 'got words')
  t.match(text, 'code 3')
})

t.test('signals go to the program', async (t) => {
  const { bundle, folder, state } = ociBench(t)
  const args = [
    '/bin/sh',
    '-c',
    'trap "exit 9" TERM; echo > /tmp/ready; while :; do sleep 0.05; done',
  ]
  const path = bundle((config) => Object.assign(config.process, { args }))
  const child = spawn(ociPath, ['--root', join(folder, 'state'), 'run', '-b', path, 'one'], {
    stdio: 'ignore',
  })
  await eventually('the trap', () => existsSync(join(folder, 'rootfs/tmp/ready')))
  t.equal(state('one').status, 'running')
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  t.equal(code, 9)
})

t.test('log: where engines look for the reason', async (t) => {
  const { run, folder } = ociBench(t)
  const log = join(folder, 'log')
  run(['--log', log, '--log-format', 'json', 'start', 'none'])
  t.match(JSON.parse(readFileSync(log, 'utf8')), {
    level: 'error',
    msg: /container does not exist/,
    time: /^\d{4}-\d\d-\d\dT[\d:]+Z$/,
  })
  run(['--log', `${log}.text`, 'start', 'none'])
  t.match(
    readFileSync(`${log}.text`, 'utf8'),
    /^time="[^"]+" level=error msg="container does not exist/,
  )
})

t.test('sd_notify: what the container says reaches the caller', async (t) => {
  const { run, bundle, folder, rootfs } = ociBench(t)
  const socket = join(folder, 'notify.sock')
  const listen = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]);
    open(my $o, ">", "$ARGV[0].ready"); close $o; $s->recv(my $m, 4096); print $m;`
  const listener = spawn('perl', ['-e', listen, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => listener.kill('SIGKILL'))
  let text = ''
  listener.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually('the listener', () => existsSync(`${socket}.ready`))
  const script = 'test -S "$NOTIFY_SOCKET" && echo there > /tmp/socket; sleep 1000'
  const path = bundle((config) =>
    Object.assign(config.process, { args: ['/bin/sh', '-c', script] }),
  )
  t.equal(run(['create', '-b', path, 'one'], { env: { NOTIFY_SOCKET: socket } }).code, 0)
  const starting = spawn(ociPath, ['--root', join(folder, 'state'), 'start', 'one'], {
    stdio: 'ignore',
  })
  await eventually('the socket inside', () => existsSync(join(rootfs, 'tmp/socket')))
  const say = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ARGV[0]); $s->send("READY=1");`
  execFileSync('perl', ['-e', say, join(folder, 'state/one/notify/notify.sock')])
  const [code] = await once(starting, 'close')
  t.equal(code, 0)
  await eventually('the message', () => text !== '')
  const { pid } = JSON.parse(run(['state', 'one']).stdout) as { pid: number }
  t.equal(text, `MAINPID=${pid}\nREADY=1`)
})

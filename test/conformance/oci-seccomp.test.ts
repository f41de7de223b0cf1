import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type Config,
  type Row,
  type RuntimeUnderTest,
  checkRuntime,
  eventually,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config-linux.md#seccomp, where somebody else decides about calls.

const [receiveMessage, receive, send] = [
  process.arch === 'arm64' ? 212 : 47,
  '0xc0502100',
  '0xc0182101',
]

// Takes connections, says what came with each, and lets every call fail with ENOSPC.
const agent = `
use Socket; $| = 1;
socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])) or die; listen($s, 5);
open(my $o, '>', "$ARGV[0].ready"); close $o;
while (accept(my $c, $s)) {
  my ($buffer, $control) = ("\\0" x 65536, "\\0" x 64);
  my $part = pack('pQ', $buffer, 65536);
  my $length = syscall(${receiveMessage}, fileno($c), pack('QQPQPQQ', 0, 0, $part, 1, $control, 64, 0), 0);
  my $fd = unpack('i', substr($control, 16, 4));
  my $rest = sysread($c, my $more, 100);
  print substr($buffer, 0, $length), "\\t$rest\\t", readlink("/proc/self/fd/$fd"), "\\n";
  open(my $listener, '+<&=', $fd);
  next if fork();
  while (1) {
    my $call = "\\0" x 80;
    ioctl($listener, ${receive}, $call) or exit;
    my $answer = pack('QqiI', unpack('Q', $call), 0, -28, 0);
    ioctl($listener, ${send}, $answer) or exit;
  }
}`

interface Agent {
  readonly path: string
  /** A line for each connection: the state, what came after it, and what the descriptor is. */
  readonly lines: () => string[][]
}

async function startAgent(t: Test, { folder }: RuntimeUnderTest, name: string): Promise<Agent> {
  const path = join(folder, name)
  const child = spawn('perl', ['-e', agent, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  t.teardown(() => process.kill(-(child.pid ?? 0), 'SIGKILL'))
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually('the agent', () => existsSync(`${path}.ready`))
  return {
    path,
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\t')),
  }
}

function notifying(listenerPath: string): (config: Config) => void {
  return (config) => {
    const script = 'mkdir /tmp/new 2> /tmp/answer; exec sleep 1000'
    Object.assign(config.process, { args: ['/bin/sh', '-c', script] })
    Object.assign(config, { annotations: { 'org.example': '%d' } })
    Object.assign(config.linux, {
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath,
        listenerMetadata: 'for "you"',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }],
      },
    })
  }
}

const rows: Row[] = [
  {
    title: 'the listener goes to listenerPath, with the state of the container',
    async check(t, runtime) {
      const { run, state, rootfs } = runtime
      const { path, lines } = await startAgent(t, runtime, 'one.sock')
      const id = runtime.sleeper(notifying(path))
      await eventually('the state', () => lines().length === 1)
      const [[text = '', rest, kind] = []] = lines()
      const { pid } = state(id)
      t.match(JSON.parse(text), {
        ociVersion: /^1\.\d+\.\d+/,
        fds: ['seccompFd'],
        pid,
        metadata: 'for "you"',
        state: {
          id,
          pid,
          status: /^creat(?:ing|ed)$/,
          bundle: state(id).bundle,
          annotations: { 'org.example': '%d' },
        },
      })
      t.equal(rest, '0', 'the connection is closed after one state')
      t.equal(kind, 'anon_inode:seccomp notify')
      run(['start', id])
      const answer = join(rootfs, 'tmp/answer')
      await eventually(
        'the answer',
        () => existsSync(answer) && readFileSync(answer, 'utf8') !== '',
      )
      t.match(readFileSync(answer, 'utf8'), 'No space left on device')
      t.equal(lines().length, 1)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'each further process has a connection and a listener of its own',
    async check(t, runtime) {
      const { run, state } = runtime
      const { path, lines } = await startAgent(t, runtime, 'two.sock')
      const id = runtime.sleeper(notifying(path))
      run(['start', id])
      t.match(
        run(['exec', id, '/bin/busybox', 'mkdir', '/tmp/more']).stderr,
        'No space left on device',
      )
      await eventually('the second state', () => lines().length === 2)
      const [, [text = ''] = []] = lines()
      const { pid } = state(id)
      t.match(JSON.parse(text), { fds: ['seccompFd'], state: { id, pid, status: 'running' } })
      t.not((JSON.parse(text) as { pid: number }).pid, pid)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'a state that cannot be sent is an error',
    check(t, { bundle, create, newId, folder, state }) {
      const id = newId()
      t.not(create(id, bundle(notifying(join(folder, 'nobody.sock')))).code, 0)
      t.throws(() => state(id))
    },
  },
  {
    title: 'listenerPath without SCMP_ACT_NOTIFY is ignored',
    check(t, { shell, folder }) {
      const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: join(folder, 'nobody.sock') }
      const { stdout } = shell('echo runs', ({ linux }) => Object.assign(linux, { seccomp }))
      t.equal(stdout, 'runs\n')
    },
  },
]

void checkRuntime(t, rows)

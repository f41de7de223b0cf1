import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually, groupFolders, ociBench } from './oci-bench.ts'

// Options that few callers give, each with what it changes.

t.test('options of run', async (t) => {
  const { bundle, run, group } = ociBench(t)
  const name = group.slice(1)
  // A dash in its name would stand for a slice above it.
  const slice = `${name.replaceAll('-', '')}.slice`
  t.teardown(() => {
    for (const path of groupFolders(slice)) rmdirSync(path)
  })
  const cases: {
    title: string
    flags?: string[]
    globals?: string[]
    path?: string
    script: string
    says: RegExp
  }[] = [
    {
      title: '--no-pivot',
      flags: ['--no-pivot'],
      script: 'ls /; ls /proc/1/root/',
      says: /^bin\n[^]*bin\n/,
    },
    { title: '--no-new-keyring', flags: ['--no-new-keyring'], script: 'echo ran', says: /^ran/ },
    {
      title: '--cgroup-manager disabled',
      globals: ['--cgroup-manager', 'disabled'],
      script: `grep -c ${name} /proc/self/cgroup`,
      says: /^0/,
    },
    {
      title: '--systemd-cgroup',
      globals: ['--systemd-cgroup'],
      path: `${slice}:pre:one`,
      script: 'cat /proc/self/cgroup',
      says: /\/pre-one\.scope/,
    },
    {
      title: '-root and -debug in the manner of Go',
      globals: ['-debug'],
      script: 'echo ran',
      says: /^ran/,
    },
  ]
  for (const { title, flags = [], globals = [], path, script, says } of cases)
    await t.test(title, async (t) => {
      const folder = bundle((config) => {
        config.process.args = ['/bin/sh', '-c', script]
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== 'cgroup')
        if (path !== undefined) config.linux.cgroupsPath = path
      })
      const { code, stdout, stderr } = run([...globals, 'run', ...flags, '--bundle', folder, 'one'])
      t.match(stdout, says, stderr)
      t.equal(code, title.includes('disabled') ? 1 : 0)
    })
})

t.test('another file than config.json', async (t) => {
  const { bundle, run } = ociBench(t)
  const folder = bundle()
  const other = bundle((config) => Object.assign(config.process, { args: ['/bin/echo', 'other'] }))
  const { stdout } = run(['run', '--bundle', folder, '--config', join(other, 'config.json'), 'one'])
  t.equal(stdout, 'other\n')
})

/** Listens at a path and says what came, once told to: a terminal that nobody has taken out of the socket stays open. */
const receiver = `use Socket; use IO::Socket::UNIX;
  my $l = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $ARGV[0], Listen => 1) or die;
  open(my $o, ">", "$ARGV[0].ready"); close $o;
  my $c = $l->accept; select(undef, undef, undef, 0.01) until -e "$ARGV[0].go"; my $m; $c->recv($m, 100); print $m;`

t.test('a console socket and a pidfd socket are connected to and sent a descriptor', async (t) => {
  for (const [flag, terminal] of [
    ['--console-socket', true],
    ['--pidfd-socket', false],
  ] as const)
    await t.test(flag, async (t) => {
      const { bundle, run, folder } = ociBench(t)
      const socket = join(folder, 'socket')
      const listener = spawn('perl', ['-e', receiver, socket], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.teardown(() => listener.kill('SIGKILL'))
      let text = ''
      listener.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
      const closed = once(listener, 'close')
      await eventually('the listener', () => existsSync(`${socket}.ready`))
      const path = bundle((config) =>
        Object.assign(config.process, { args: ['/bin/sleep', '1000'], terminal }),
      )
      const { code, stderr } = run(['create', '--bundle', path, flag, socket, 'one'])
      t.equal(code, 0, stderr)
      writeFileSync(`${socket}.go`, '')
      await closed
      t.equal(text, '/dev/ptmx')
      t.equal(run(['create', '--bundle', path, flag, join(folder, 'none'), 'two']).code, 1)
    })
})

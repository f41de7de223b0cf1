import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type OciBench, type OciResult, groupFolders, ociBench, ociPath } from './oci-bench.ts'

// Other people's engines, unchanged, with our runtime below them.

interface Podman extends OciBench {
  /** podman and its flags. */
  readonly words: readonly string[]
  readonly engine: (...args: string[]) => OciResult
  /** The same with what a new container needs here. */
  readonly started: (...args: string[]) => string[]
}

/** Without raising limits: hosts may lack CAP_SYS_RESOURCE. */
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

function runEngine(words: readonly string[], input = ''): OciResult {
  const [program = '', ...args] = words
  const { status, stdout, stderr } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, XDG_RUNTIME_DIR: '' },
  })
  return { code: status, stdout, stderr }
}

/** Above all containers; podman leaves it where it is, and groups of its own below. */
const parentGroup = '/libpod_parent'

function removeGroups(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(join(path, entry.name))
  rmdirSync(path)
}

function podman(t: Test): Podman {
  const bench = ociBench(t)
  const at = (name: string): string => join(bench.folder, name)
  const storage = ['--root', at('storage'), '--runroot', at('run'), '--tmpdir', at('tmp')]
  const words = ['podman', ...storage, '--cgroup-manager', 'cgroupfs', '--runtime', ociPath]
  const engine = (...args: string[]): OciResult => runEngine([...words, ...args])
  const present = new Set(groupFolders(parentGroup))
  t.teardown(() => {
    engine('rm', '--all', '--force', '--time', '0')
    runEngine(['umount', at('storage/overlay')])
    for (const path of groupFolders(parentGroup)) if (!present.has(path)) removeGroups(path)
  })
  const started = (...args: string[]): string[] => [
    ...args,
    ...limits,
    '--network=none',
    '--rootfs',
    bench.rootfs,
  ]
  return { ...bench, words, engine, started }
}

t.test('podman run: exit codes as its users know them', async (t) => {
  const { engine, started } = podman(t)
  const cases = [
    { title: 'its own', args: ['/bin/sh', '-c', 'exit 3'], code: 3 },
    { title: 'not found', args: ['/no/such'], code: 127 },
    { title: 'not found in PATH', args: ['no-such'], code: 127 },
    { title: 'cannot be executed', args: ['/etc'], code: 126 },
    { title: 'limited', args: ['/bin/true'], flags: ['--memory', '32m', '--cpus', '0.5'], code: 0 },
    {
      title: 'a user',
      args: ['/bin/sh', '-c', 'test $(id -u) = 7'],
      flags: ['--user', '7:8'],
      code: 0,
    },
    {
      title: 'mapped',
      args: ['/bin/sh', '-c', 'test $(id -u) = 0'],
      flags: ['--uidmap', '0:100000:1000'],
      code: 0,
    },
    { title: 'privileged', args: ['/bin/true'], flags: ['--privileged'], code: 0 },
    { title: 'a terminal', args: ['/bin/tty'], flags: ['--tty'], code: 0 },
    {
      title: 'strict',
      args: ['/bin/sh', '-c', '! echo > /x'],
      flags: ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
      code: 0,
    },
  ]
  for (const { title, args, flags = [], code } of cases)
    await t.test(title, async (t) => {
      const { code: found, stderr } = engine(...started('run', '--rm', ...flags), ...args)
      t.equal(found, code, stderr)
    })
})

t.test('podman: the life of a container', async (t) => {
  const { engine, started, group } = podman(t)
  const ok = (...args: string[]): string => {
    const { code, stdout, stderr } = engine(...args)
    t.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const status = (): string => ok('inspect', '--format', '{{.State.Status}}', 'one')
  ok(...started('create', '--name', 'one'), '/bin/sleep', '1000')
  ok('start', 'one')
  t.equal(status(), 'running')
  t.equal(ok('exec', '--env', 'A=b', 'one', '/bin/sh', '-c', 'echo $A'), 'b')
  t.equal(engine('exec', 'one', '/bin/sh', '-c', 'exit 9').code, 9)
  t.equal(engine('exec', 'one', '/no/such').code, 127)
  t.match(ok('exec', '--tty', 'one', '/bin/tty'), '/dev/pts/')
  ok('exec', '--detach', 'one', '/bin/sleep', '1000')
  ok('pause', 'one')
  t.equal(status(), 'paused')
  ok('unpause', 'one')
  ok('update', '--memory', '64m', 'one')
  t.match(ok('top', 'one'), 'sleep')
  ok('stop', '--time', '0', 'one')
  t.equal(status(), 'exited')
  ok('start', 'one')
  ok('rm', '--force', '--time', '0', 'one')
  t.strictSame(groupFolders(group), [])
})

t.test('podman: standard input', async (t) => {
  const { words, started } = podman(t)
  const { stdout } = runEngine([
    'sh',
    '-c',
    `echo words | "$@"`,
    'sh',
    ...words,
    ...started('run', '--rm', '--interactive'),
    '/bin/cat',
  ])
  t.equal(stdout, 'words\n')
})

t.test('buildah bud: RUN steps by our runtime', async (t) => {
  const { folder, rootfs } = ociBench(t)
  const at = (name: string): string => join(folder, name)
  const storage = ['--root', at('storage'), '--runroot', at('run'), '--storage-driver', 'vfs']
  mkdirSync(at('context'))
  writeFileSync(
    at('Containerfile'),
    `FROM scratch
COPY bin /bin
RUN ["/bin/sh", "-c", "echo built > /made; id -u >> /made"]
USER 12
RUN ["/bin/sh", "-c", "id -u; cat /made"]
`,
  )
  const words = ['buildah', ...storage, 'bud', '--isolation', 'oci', '--runtime', ociPath]
  const { code, stdout, stderr } = runEngine([
    ...words,
    ...limits,
    '--network=none',
    `--file=${at('Containerfile')}`,
    rootfs,
  ])
  t.equal(code, 0, stderr)
  t.match(stdout, '12\nbuilt\n0\n')
  t.ok(existsSync(at('storage')))
})
